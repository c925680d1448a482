fluxgate::breakers! {
    PAYMENT_API { tripper = FailureRate(60) }
}

fn main() {
    PAYMENT_API.reset();
}
