use fluxgate::circuit_breaker;

#[circuit_breaker]
fn charge(amount: u64) {
    drop(amount);
}

fn main() {
    let _ = charge(1);
}
