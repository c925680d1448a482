fluxgate::breakers! {
    pub default { shadow }

    PAYMENT_API {}
}

fn main() {}
