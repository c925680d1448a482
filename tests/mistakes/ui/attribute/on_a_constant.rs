use fluxgate::circuit_breaker;

#[circuit_breaker]
const CHARGE: u64 = 1;

fn main() {}
