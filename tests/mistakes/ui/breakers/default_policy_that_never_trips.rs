fluxgate::breakers! {
    default { tripper = HalfOpened() & FailureRate(0.5) }

    PAYMENT_API {}

    INVENTORY {}
}

fn main() {}
