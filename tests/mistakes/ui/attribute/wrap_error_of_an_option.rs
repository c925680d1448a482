use fluxgate::circuit_breaker;

#[circuit_breaker(wrap_error)]
fn half(number: u32) -> Option<u32> {
    let half = number.checked_div(2)?;
    Some(half)
}

#[circuit_breaker(wrap_error)]
async fn later(number: u32) -> std::option::Option<u32> {
    Some(number)
}

fn main() {
    let _: Option<u32> = half(4);
    let _ = later(4);
}
