fluxgate::breakers! {
    PAYMENT_API { tracker = Custom(Self::is_transient) }
}

fn main() {}
