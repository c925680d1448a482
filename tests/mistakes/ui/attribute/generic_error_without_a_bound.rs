use fluxgate::circuit_breaker;

#[circuit_breaker]
fn charge<E>(error: E) -> Result<u64, E> {
    Err(error)
}

fn main() {
    let _ = charge("error");
}
