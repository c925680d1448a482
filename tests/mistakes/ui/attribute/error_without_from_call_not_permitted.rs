use fluxgate::circuit_breaker;

#[derive(Debug)]
struct ApiError;

#[circuit_breaker]
fn charge(amount: u64) -> Result<u64, ApiError> {
    Ok(amount)
}

fn main() {
    let _ = charge(1);
}
