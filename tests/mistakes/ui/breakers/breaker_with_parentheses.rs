fluxgate::breakers! {
    PAYMENT_API(tripper = FailureRate(0.5))
}

fn main() {}
