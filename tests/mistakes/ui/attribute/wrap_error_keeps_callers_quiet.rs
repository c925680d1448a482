use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[circuit_breaker(wrap_error, colour = "red")]
fn charge(amount: u64) -> Result<u64, ApiError> {
    Ok(amount)
}

fn main() {
    let _: Result<u64, fluxgate::Error<ApiError>> = charge(1);
}
