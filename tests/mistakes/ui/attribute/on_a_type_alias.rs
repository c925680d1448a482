use fluxgate::circuit_breaker;

#[circuit_breaker]
type Charge = u64;

fn main() {}
