use std::time::Duration;

struct ApiError(Option<Duration>);

fluxgate::breakers! {
    default { retry_after = |error: &ApiError| error.0 }

    PAYMENT_API { honour_retry_after = 10m }
    INVENTORY { tripper = FailureStreak(5) }
}

fn main() {
    let _ = (&PAYMENT_API, &INVENTORY, ApiError(None));
}
