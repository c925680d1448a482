fluxgate::breakers! {
    PAYMENT_API { tracker = Custom(5) }
}

fn main() {}
