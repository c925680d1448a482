use fluxgate::circuit_breaker;

#[circuit_breaker]
struct Charge;

fn main() {}
