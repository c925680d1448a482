use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[circuit_breaker]
fn charge(amount: String) -> Result<u64, ApiError> {
    drop(amount);
    Ok(amount.len() as u64)
}

fn main() {
    let _ = charge(String::new());
}
