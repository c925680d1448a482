fluxgate::breakers! {
    PER_HOST[max] {}
}

fn main() {}
