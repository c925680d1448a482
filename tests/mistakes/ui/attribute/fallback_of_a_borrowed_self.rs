use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

struct Cache {
    last: u64,
}

impl Cache {
    #[circuit_breaker(fallback = |_| { self.last = 0; Err(ApiError) })]
    fn charge(&mut self, amount: u64) -> Result<&mut u64, ApiError> {
        self.last += amount;
        Ok(&mut self.last)
    }
}

fn main() {
    let _ = Cache { last: 0 }.charge(1);
}
