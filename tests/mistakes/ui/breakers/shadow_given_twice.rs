fluxgate::breakers! {
    PAYMENT_API { shadow, shadow = false }
}

fn main() {}
