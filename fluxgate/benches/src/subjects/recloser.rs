use recloser::{AsyncRecloser, Error, Recloser};

use super::{COOLDOWN, Role, Subject, leak};
use crate::traffic::{Failure, Refusal, drive, finish, service};

pub(crate) const NAME: &str = "recloser";
pub(crate) const NOTE: &str = "the last 100 calls, opens at half";

fn refusal(error: Error<Failure>) -> Refusal {
    match error {
        Error::Rejected => Refusal::Rejected,
        Error::Inner(_) => Refusal::Failed,
    }
}

pub(crate) fn breaker() -> Recloser {
    Recloser::custom().closed_len(100).error_rate(0.5).open_wait(COOLDOWN).build()
}

pub(crate) fn sync() -> Subject {
    Subject::new(NAME, Role::Peer, || {
        let breaker = leak(breaker());
        move |traffic, calls| drive(traffic, calls, |request| breaker.call(|| service(request)).map_err(refusal))
    })
}

pub(crate) fn asynchronous() -> Subject {
    Subject::new(NAME, Role::Peer, || {
        let breaker = leak(AsyncRecloser::from(breaker()));
        move |traffic, calls| {
            drive(traffic, calls, |request| finish(breaker.call(async move { service(request) })).map_err(refusal))
        }
    })
}
