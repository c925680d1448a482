use std::time::Duration;

use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError(Option<Duration>);

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError(None)
    }
}

#[circuit_breaker(honour_retry_after = 10m, retry_after = |error: &ApiError| error.1)]
fn charge(amount: u64) -> Result<u64, ApiError> {
    if amount > 0 { Ok(amount) } else { Err(ApiError(None)) }
}

fn main() {
    let _ = charge(1);
}
