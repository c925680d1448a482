fluxgate::breakers! {
    PER_HOST[maximum = 10_000] {}
}

fn main() {}
