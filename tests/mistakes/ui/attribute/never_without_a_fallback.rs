use fluxgate::circuit_breaker;

#[circuit_breaker]
fn charge(amount: u64) -> ! {
    panic!("{amount}")
}

fn main() {
    let _ = charge(1);
}
