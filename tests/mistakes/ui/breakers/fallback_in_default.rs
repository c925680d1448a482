fluxgate::breakers! {
    default { fallback = |_| 1 }

    PAYMENT_API {}
}

fn main() {}
