use circuitbreaker_rs::{BreakerError, CircuitBreaker, DefaultPolicy};

use super::{COOLDOWN, Role, Subject, leak};
use crate::traffic::{Failure, Refusal, drive, finish, service};

pub(crate) const NAME: &str = "circuitbreaker-rs";
pub(crate) const NOTE: &str = "\
    its default policy has no window: all calls since it closed, opens at half of at least 100. Its time window is \
    not measured, because `TimeBasedPolicy` is never notified of a call";

fn refusal(error: BreakerError<Failure>) -> Refusal {
    match error {
        BreakerError::Operation(_) => Refusal::Failed,
        _ => Refusal::Rejected,
    }
}

fn breaker() -> &'static CircuitBreaker<DefaultPolicy, Failure> {
    let builder = CircuitBreaker::<DefaultPolicy, Failure>::builder();
    leak(builder.failure_threshold(0.5).min_throughput(100).consecutive_failures(u64::MAX).cooldown(COOLDOWN).build())
}

pub(crate) fn sync() -> Subject {
    Subject::new(NAME, Role::Peer, || {
        let breaker = breaker();
        move |traffic, calls| drive(traffic, calls, |request| breaker.call(|| service(request)).map_err(refusal))
    })
}

pub(crate) fn asynchronous() -> Subject {
    Subject::new(NAME, Role::Peer, || {
        let breaker = breaker();
        move |traffic, calls| {
            drive(traffic, calls, |request| {
                finish(breaker.call_async(|| async move { service(request) })).map_err(refusal)
            })
        }
    })
}
