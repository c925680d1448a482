use fluxgate::circuit_breaker;

#[circuit_breaker]
trait Charge {}

fn main() {}
