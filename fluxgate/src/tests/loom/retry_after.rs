//! What a service says of when to come back, beside transitions and new policies.

use std::time::Duration;

use super::{Stand, explore, succeed};

#[test]
fn a_breaker_that_was_due_all_the_while_rejects_nobody() {
    explore(|| {
        let stand = Stand::due(|builder| builder.max_half_open_calls(3).honour_retry_after(60));
        let other = stand.spawn(1, |breaker| breaker.try_acquire_owned().is_ok());
        // It recovers, and is asked to leave the service alone for a while, which does not open it.
        succeed(&stand.breaker);
        stand.breaker.set_policy(stand.breaker.policy().tripper(crate::trippers::FailureStreak(9))).unwrap();
        let call = stand.breaker.try_acquire().unwrap();
        call.failure_with_retry_after(Duration::from_secs(40));
        stand.breaker.set_policy(stand.breaker.policy().max_half_open_calls(2)).unwrap();
        assert!(other.join().unwrap(), "rejected by what concerns a later opening");
    });
}

#[test]
fn what_an_ignored_error_says_of_when_to_come_back_delays_no_opening() {
    explore(|| {
        let read = |_: &()| Some(Duration::from_secs(40));
        let settings = |builder: crate::Builder| builder.honour_retry_after(60).retry_after(read);
        let stand = Stand::new(1, |builder| settings(builder.tripper(crate::trippers::FailureStreak(9))));
        let failure = stand.spawn(1, super::fail);
        let ignoring = stand.breaker.policy().tracker(!crate::trackers::All());
        stand.breaker.set_policy(ignoring).unwrap();
        assert!(failure.join().unwrap());
        let told_before = stand.breaker.info().calls == 1;
        let open = crate::Policy::new().tripper(crate::trippers::FailureStreak(1)).honour_retry_after(60);
        stand.breaker.set_policy(open.retry(crate::retries::Cooldown(10))).unwrap();
        super::fail(&stand.breaker);
        let wait = if told_before { 40 } else { 10 };
        assert_eq!(stand.breaker.info().retry_after, Some(Duration::from_secs(wait)));
    });
}
