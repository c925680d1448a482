fluxgate::breakers! {
    default { name = "all" }

    PAYMENT_API {}
}

fn main() {}
