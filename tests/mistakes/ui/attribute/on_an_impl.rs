use fluxgate::circuit_breaker;

struct Charge;

#[circuit_breaker]
impl Charge {}

fn main() {}
