fluxgate::breakers! {
    PER_HOST[max = 10_000]
}

fn main() {}
