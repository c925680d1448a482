use fluxgate::circuit_breaker;

#[circuit_breaker]
fn charge(amount: u64) -> u64 {
    amount
}

fn main() {
    let _ = charge(1);
}
