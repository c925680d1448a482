fluxgate::breakers! {
    PER_HOST[key = 7] {}
}

fn main() {}
