use fluxgate::circuit_breaker;

#[circuit_breaker]
static CHARGE: u64 = 1;

fn main() {}
