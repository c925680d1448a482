use std::time::Instant;

use fluxgate::circuit_breaker;

#[circuit_breaker(clock = Instant::now())]
fn charge(amount: u64) -> anyhow::Result<u64> {
    Ok(amount)
}

fn main() {
    let _ = charge(1);
}
