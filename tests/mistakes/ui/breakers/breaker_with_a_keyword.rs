fluxgate::breakers! {
    pub static PAYMENT_API {}
}

fn main() {}
