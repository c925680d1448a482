fluxgate::breakers! {
    pub { tripper = FailureRate(0.5) }
}

fn main() {}
