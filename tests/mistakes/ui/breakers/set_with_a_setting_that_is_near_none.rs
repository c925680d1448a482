fluxgate::breakers! {
    PER_HOST[colour = 3] {}
}

fn main() {}
