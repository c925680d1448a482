//! A `Retry-After` concurrent with transitions and policy changes.

use std::time::Duration;

use super::{Fixture, explore, succeed};

#[test]
fn a_breaker_whose_retry_is_due_throughout_rejects_no_call() {
    explore(|| {
        let fixture = Fixture::due(|builder| builder.max_half_open_calls(3).honour_retry_after(60));
        let other = fixture.spawn(1, |breaker| breaker.try_acquire_owned().is_ok());
        // The breaker recovers. Then the service asks for a pause, by a failure that does not open the breaker.
        succeed(&fixture.breaker);
        fixture.breaker.set_policy(fixture.breaker.policy().tripper(crate::trippers::FailureStreak(9))).unwrap();
        let call = fixture.breaker.try_acquire().unwrap();
        call.failure_with_retry_after(Duration::from_secs(40));
        fixture.breaker.set_policy(fixture.breaker.policy().max_half_open_calls(2)).unwrap();
        assert!(other.join().unwrap(), "rejected by a pause for a later opening");
    });
}

#[test]
fn the_retry_after_of_an_ignored_error_delays_no_opening() {
    explore(|| {
        let retry_after = |_: &()| Some(Duration::from_secs(40));
        let settings = |builder: crate::Builder| builder.honour_retry_after(60).retry_after(retry_after);
        let fixture = Fixture::new(1, |builder| settings(builder.tripper(crate::trippers::FailureStreak(9))));
        let failure = fixture.spawn(1, super::fail);
        let ignoring = fixture.breaker.policy().tracker(!crate::trackers::All());
        fixture.breaker.set_policy(ignoring).unwrap();
        assert!(failure.join().unwrap());
        let was_recorded = fixture.breaker.info().calls == 1;
        let open = crate::Policy::new().tripper(crate::trippers::FailureStreak(1)).honour_retry_after(60);
        fixture.breaker.set_policy(open.retry(crate::retries::Cooldown(10))).unwrap();
        super::fail(&fixture.breaker);
        let wait = if was_recorded { 40 } else { 10 };
        assert_eq!(fixture.breaker.info().retry_after, Some(Duration::from_secs(wait)));
    });
}
