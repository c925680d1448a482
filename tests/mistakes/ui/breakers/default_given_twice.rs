fluxgate::breakers! {
    default { shadow }

    default { shadow = false }

    PAYMENT_API {}
}

fn main() {}
