use fluxgate::circuit_breaker;

#[circuit_breaker(wrap_error)]
fn charge(amount: u64) -> u64 {
    amount
}

fn main() {
    let _ = charge(1);
}
