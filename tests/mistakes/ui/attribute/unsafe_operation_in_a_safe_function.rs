use fluxgate::circuit_breaker;

#[circuit_breaker]
fn read(number: *const u32) -> anyhow::Result<u32> {
    Ok(*number)
}

fn main() {
    let _ = read(&1);
}
