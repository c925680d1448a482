use nobreak::{CircuitBreaker, CircuitError};

use super::{COOLDOWN, Role, Subject, leak};
use crate::traffic::{Failure, Refusal, drive, finish, service};

pub(crate) const NAME: &str = "nobreak";
pub(crate) const NOTE: &str = "it has no window: opens after 5 consecutive failures (its default)";

fn refusal(error: CircuitError<Failure>) -> Refusal {
    match error {
        CircuitError::Open => Refusal::Rejected,
        CircuitError::Failed { .. } => Refusal::Failed,
    }
}

fn breaker() -> &'static CircuitBreaker {
    leak(nobreak::builder().with_failure_threshold(5).with_open_duration(COOLDOWN).build())
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
