use std::time::Duration;

use failsafe::{Config, Error, FailurePolicy, StateMachine, backoff, failure_policy};

use super::{COOLDOWN, Role, Subject, leak};
use crate::traffic::{Failure, Refusal, drive, finish, service};

pub(crate) const NAME: &str = "failsafe";
pub(crate) const NOTE: &str = "\
    it has no count window: opens after 5 consecutive failures (its default). Over time: opens when a moving average \
    of 60 s falls below half, with at least 100 calls and never before 60 s have passed, so it cannot open in this \
    benchmark";

fn refusal(error: Error<Failure>) -> Refusal {
    match error {
        Error::Rejected => Refusal::Rejected,
        Error::Inner(_) => Refusal::Failed,
    }
}

fn build<P: FailurePolicy>(policy: P) -> &'static StateMachine<P, ()> {
    leak(Config::new().failure_policy(policy).build())
}

fn in_a_row() -> &'static StateMachine<impl FailurePolicy + Send + Sync, ()> {
    build(failure_policy::consecutive_failures(5, backoff::constant(COOLDOWN)))
}

pub(crate) fn consecutive_failures() -> Subject {
    use failsafe::CircuitBreaker as _;

    Subject::new("failsafe, failures in a row", Role::Peer, || {
        let breaker = in_a_row();
        move |traffic, calls| drive(traffic, calls, |request| breaker.call(|| service(request)).map_err(refusal))
    })
}

pub(crate) fn success_rate() -> Subject {
    use failsafe::CircuitBreaker as _;

    Subject::new("failsafe, success rate", Role::Peer, || {
        let minute = Duration::from_secs(60);
        let breaker =
            build(failure_policy::success_rate_over_time_window(0.5, 100, minute, backoff::constant(COOLDOWN)));
        move |traffic, calls| drive(traffic, calls, |request| breaker.call(|| service(request)).map_err(refusal))
    })
    .never_trips()
}

pub(crate) fn asynchronous() -> Subject {
    use failsafe::futures::CircuitBreaker as _;

    Subject::new("failsafe, failures in a row", Role::Peer, || {
        let breaker = in_a_row();
        move |traffic, calls| {
            drive(traffic, calls, |request| finish(breaker.call(async move { service(request) })).map_err(refusal))
        }
    })
}
