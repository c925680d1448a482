use fluxgate::{CallNotPermitted, circuit_breaker};

struct ApiError;

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        ApiError
    }
}

#[circuit_breaker]
async fn charge(amount: std::rc::Rc<u64>) -> Result<u64, ApiError> {
    std::future::ready(()).await;
    Ok(*amount)
}

fn needs_send(_: impl Send) {}

fn main() {
    needs_send(charge(std::rc::Rc::new(1)));
}
