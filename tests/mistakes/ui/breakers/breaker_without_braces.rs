fluxgate::breakers! {
    PAYMENT_API
}

fn main() {}
