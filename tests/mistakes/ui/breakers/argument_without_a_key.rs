fluxgate::breakers! {
    PAYMENT_API { FailureRate(0.5) }
}

fn main() {}
