use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[circuit_breaker(tripper = Custom(trips::<T>))]
fn charge<T>(amount: T) -> Result<T, ApiError> {
    Ok(amount)
}

fn main() {
    let _ = charge(1);
}
