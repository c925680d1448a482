fluxgate::breakers! {
    PAYMENT_API {
        tripper = FailureRate(0.5)
        retry = Cooldown(60s)
    }
}

fn main() {}
