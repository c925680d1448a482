fluxgate::breakers! {
    default { window = CountWindow(10) }

    PAYMENT_API { tripper = MinRequests(20) & FailureRate(0.5) }
}

fn main() {}
