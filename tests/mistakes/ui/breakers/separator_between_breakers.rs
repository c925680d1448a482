fluxgate::breakers! {
    PAYMENT_API {},
    INVENTORY {}
}

fn main() {}
