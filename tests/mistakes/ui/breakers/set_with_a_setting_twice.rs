fluxgate::breakers! {
    PER_HOST[max = 1, max = 2] {}
}

fn main() {}
