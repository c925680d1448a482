use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

macro_rules! guarded {
    ($rate:literal) => {
        #[circuit_breaker(tripper = FailureRate($rate))]
        fn charge(amount: u64) -> Result<u64, ApiError> {
            Ok(amount)
        }
    };
}

guarded!(60);

fn main() {
    let _ = charge(1);
}
