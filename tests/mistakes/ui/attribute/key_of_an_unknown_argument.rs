use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[circuit_breaker(name = "per_host", key = hots)]
fn fetch(host: &str) -> Result<usize, ApiError> {
    Ok(host.len())
}

fn main() {
    let _ = fetch("api.example.com");
}
