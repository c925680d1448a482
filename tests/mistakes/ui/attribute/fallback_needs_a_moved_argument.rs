use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[circuit_breaker(fallback = |_| Ok(request.len()))]
fn charge(request: String) -> Result<usize, ApiError> {
    drop(request);
    Ok(1)
}

fn main() {
    let _ = charge(String::new());
}
