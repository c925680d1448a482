use fluxgate::circuit_breaker;

#[circuit_breaker]
enum Charge {}

fn main() {}
