fluxgate::breakers! {
    PER_HOST[tripper = FailureRate(0.5)] {}
}

fn main() {}
