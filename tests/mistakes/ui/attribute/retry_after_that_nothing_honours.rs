use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError(Option<std::time::Duration>);

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError(None)
    }
}

#[circuit_breaker(retry_after = |error: &ApiError| error.0)]
fn charge(amount: u64) -> Result<u64, ApiError> {
    Ok(amount)
}

fn main() {
    let _ = charge(1);
}
