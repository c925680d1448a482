use std::future::{Ready, ready};

use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[circuit_breaker]
fn charge(amount: u64) -> Ready<Result<u64, ApiError>> {
    ready(Ok(amount))
}

fn main() {
    let _ = charge(1);
}
