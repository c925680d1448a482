fluxgate::breakers! {
    PAYMENT_API { timeout = 2s }
}

fn main() {}
