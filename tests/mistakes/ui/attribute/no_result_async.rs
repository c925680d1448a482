use fluxgate::circuit_breaker;

#[circuit_breaker]
async fn charge(amount: u64) -> Option<u64> {
    Some(amount)
}

fn main() {
    let _ = charge(1);
}
