use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

fn is_not_found(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

#[circuit_breaker(tracker = Custom(is_not_found))]
fn charge(amount: u64) -> Result<u64, ApiError> {
    Ok(amount)
}

fn main() {
    let _ = charge(1);
}
