fluxgate::breakers! {
    PAYMENT_API {}

    PAYMENT_API {}
}

fn main() {}
