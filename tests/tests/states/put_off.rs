//! What a service has asked for before the breaker opens, and what becomes of it meanwhile.

use std::time::Duration;

use fluxgate::{
    CircuitBreaker, HonourRetryAfter, ManualClock, Policy,
    retries::{Cooldown, CustomRetry, RetryContext},
    trippers::FailureStreak,
};
use fluxgate_tests::fixture::{SECOND, fail};

fn policy() -> Policy {
    Policy::new().tripper(FailureStreak(2)).retry(Cooldown(5))
}

/// One that has been asked to wait for 100 s, and opens at the next failure.
fn asked(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("put off").policy(policy).clock(clock.clone()).build().unwrap();
    breaker.try_acquire().unwrap().failure_with_retry_after(100 * SECOND);
    (breaker, clock)
}

fn wait(breaker: &CircuitBreaker) -> Option<Duration> {
    breaker.info().retry_after
}

#[test]
fn a_new_policy_heeds_it_within_its_own_limit_counted_from_then() {
    for (limit, expected) in
        [(HonourRetryAfter::from(600), 90), (HonourRetryAfter::from(30), 30), (HonourRetryAfter::Off, 5)]
    {
        let (breaker, clock) = asked(policy().honour_retry_after(600));
        clock.advance(10 * SECOND);
        breaker.set_policy(policy().honour_retry_after(limit)).unwrap();
        fail(&breaker);
        assert_eq!(wait(&breaker), Some(expected * SECOND), "{limit}");
    }
}

#[test]
fn a_snapshot_tells_when_a_retry_is_due_only_of_a_breaker_that_is_open() {
    let (breaker, _) = asked(policy().honour_retry_after(600));
    let told = |breaker: &CircuitBreaker| {
        let snapshot = serde_json::to_value(breaker.saved_state()).unwrap();
        (snapshot["retry_at"].is_u64(), snapshot["delayed_until"].is_u64())
    };
    assert_eq!(told(&breaker), (false, false));
    fail(&breaker);
    assert_eq!(told(&breaker), (true, true));
}

#[test]
fn a_retry_of_ones_own_that_nobody_has_put_off_foretells_nothing() {
    struct Never;
    impl CustomRetry for Never {
        fn is_due(&self, _: &RetryContext) -> bool {
            false
        }
    }
    let breaker = CircuitBreaker::builder("put off").tripper(FailureStreak(1)).retry(Never).build().unwrap();
    fail(&breaker);
    assert_eq!(wait(&breaker), None);
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), None);
}
