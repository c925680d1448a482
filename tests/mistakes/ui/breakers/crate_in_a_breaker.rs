fluxgate::breakers! {
    PAYMENT_API { crate = fluxgate }
}

fn main() {}
