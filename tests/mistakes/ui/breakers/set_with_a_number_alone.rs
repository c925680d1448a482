fluxgate::breakers! {
    PER_HOST[10_000] {}
}

fn main() {}
