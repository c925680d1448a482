use std::future::{Ready, ready};

use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

trait Service {
    type Future: Future<Output = Result<u64, ApiError>>;

    fn call(&self, amount: u64) -> Self::Future;
}

struct Payments;

impl Service for Payments {
    type Future = Ready<Result<u64, ApiError>>;

    #[circuit_breaker(fallback = |_| Ok(0))]
    fn call(&self, amount: u64) -> Self::Future {
        ready(Ok(amount))
    }
}

fn main() {
    let _ = Payments.call(1);
}
