fluxgate::breakers! {
    PAYMENT_API { tripper = FailureRate(60) }

    INVENTORY { retry = Cooldown(10min) }
}

fn main() {}
