use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[circuit_breaker(fallback = |_| Ok(1), wrap_error)]
fn charge(amount: u64) -> Result<u64, ApiError> {
    Ok(amount)
}

fn main() {
    let _ = charge(1);
}
