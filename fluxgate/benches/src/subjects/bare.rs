use std::hint::black_box;

use super::{Role, Subject};
use crate::traffic::{Failure, Refusal, drive, finish, service};

pub(super) fn failed(_: Failure) -> Refusal {
    Refusal::Failed
}

/// The call without a breaker.
pub(crate) fn call() -> Subject {
    Subject::new("bare call", Role::Bare, || {
        move |traffic, calls| drive(traffic, calls, |request| service(request).map_err(failed))
    })
}

/// The future without a breaker.
pub(crate) fn future() -> Subject {
    Subject::new("bare future", Role::Bare, || {
        move |traffic, calls| drive(traffic, calls, |request| finish(async move { service(request) }).map_err(failed))
    })
}

/// The loop alone: a rejected call does not run.
pub(crate) fn no_call() -> Subject {
    Subject::new("no call", Role::Bare, || {
        move |traffic, calls| drive(traffic, calls, |_| Err(black_box(Refusal::Rejected)))
    })
}
