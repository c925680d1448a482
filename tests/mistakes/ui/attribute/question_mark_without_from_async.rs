use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[circuit_breaker]
async fn charge(amount: u64) -> Result<u64, ApiError> {
    let more: u64 = "1".parse()?;
    Ok(amount + more)
}

fn main() {
    let _ = charge(1);
}
