fluxgate::breakers! {
    /// Shared by all.
    default { shadow }

    PAYMENT_API {}
}

fn main() {}
