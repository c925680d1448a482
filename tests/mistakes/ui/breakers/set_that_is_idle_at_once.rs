fluxgate::breakers! {
    PER_HOST[idle = 0s] {}
}

fn main() {}
