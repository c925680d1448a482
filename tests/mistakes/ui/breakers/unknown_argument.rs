fluxgate::breakers! {
    PAYMENT_API { triper = FailureRate(0.5) }
}

fn main() {}
