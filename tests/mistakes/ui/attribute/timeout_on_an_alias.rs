use fluxgate::{CallNotPermitted, CallTimedOut, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

impl From<CallTimedOut> for ApiError {
    fn from(_: CallTimedOut) -> Self {
        ApiError
    }
}

type Charged = Result<u64, ApiError>;

#[circuit_breaker(timeout = 2s)]
fn charge(amount: u64) -> Charged {
    Ok(amount)
}

fn main() {
    let _ = charge(1);
}
