use fluxgate::circuit_breaker;

#[circuit_breaker]
mod charge {}

fn main() {}
