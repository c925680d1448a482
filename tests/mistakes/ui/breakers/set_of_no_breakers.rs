fluxgate::breakers! {
    PER_HOST[max = 0] {}
}

fn main() {}
