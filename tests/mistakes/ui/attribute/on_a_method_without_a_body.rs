use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

trait Payments {
    #[circuit_breaker]
    fn charge(&self, amount: u64) -> Result<u64, ApiError>;
}

fn main() {}
