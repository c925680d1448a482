use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

fluxgate::breakers! {
    PER_HOST[] {}
}

#[circuit_breaker(PER_HOST, key = host)]
fn fetch(host: &str) -> Result<usize, ApiError> {
    Ok(host.len())
}

fn main() {
    let _ = fetch("api.example.com");
}
