use breaker::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError};

use super::{COOLDOWN, Role, Subject, leak};
use crate::traffic::{Failure, Refusal, drive, finish, service};

pub(crate) const NAME: &str = "breaker";
pub(crate) const NOTE: &str = "\
    the last 100 calls, opens at half; its rule of consecutive failures is out of reach. Its `call` is async, so a \
    sync call uses `is_open` and records the outcome itself";

fn refusal(error: CircuitBreakerError<Failure>) -> Refusal {
    match error {
        CircuitBreakerError::Failure(_) => Refusal::Failed,
        _ => Refusal::Rejected,
    }
}

fn breaker() -> &'static CircuitBreaker {
    let config = CircuitBreakerConfig::builder()
        .sliding_window_size(100)
        .minimum_calls(100)
        .failure_rate_threshold(0.5)
        .consecutive_failures(u32::MAX)
        .wait_duration(COOLDOWN)
        .build();
    leak(CircuitBreaker::new(config))
}

pub(crate) fn sync() -> Subject {
    Subject::new(NAME, Role::Peer, || {
        let breaker = breaker();
        move |traffic, calls| {
            drive(traffic, calls, |request| {
                if breaker.is_open() {
                    return Err(Refusal::Rejected);
                }
                let result = service(request);
                match &result {
                    Ok(_) => breaker.record_success(),
                    Err(_) => breaker.record_failure(),
                }
                result.map_err(|_| Refusal::Failed)
            })
        }
    })
}

pub(crate) fn asynchronous() -> Subject {
    Subject::new(NAME, Role::Peer, || {
        let breaker = breaker();
        move |traffic, calls| {
            drive(traffic, calls, |request| finish(breaker.call(|| async move { service(request) })).map_err(refusal))
        }
    })
}
