//! Breakers that the macros make, on a clock that a test moves.

use std::sync::LazyLock;

use fluxgate::{ManualClock, State, breakers, circuit_breaker};
use fluxgate_tests::fixture::{ApiError, SECOND, declared};

static CLOCK: LazyLock<ManualClock> = LazyLock::new(ManualClock::new);

#[circuit_breaker(name = "clock of a function", tripper = FailureStreak(1), permit = All(), clock = CLOCK.clone())]
fn guarded(is_well: bool) -> Result<(), ApiError> {
    if is_well { Ok(()) } else { Err(ApiError::Status(503)) }
}

breakers! {
    default { clock = CLOCK.clone(), tripper = FailureStreak(1), permit = All() }

    OF_THE_BLOCK { name = "clock of a block" }
    SET[max = 3] {}
}

#[test]
fn guarded_functions_declared_breakers_and_sets_go_by_the_clock_that_they_are_given() {
    let breakers = [declared("clock of a function"), OF_THE_BLOCK.clone(), SET.get("a")];
    for breaker in &breakers {
        let _ = breaker.call(|| Err::<(), _>("down"));
        assert_eq!(breaker.info().state, State::Open);
    }
    assert!(
        matches!(guarded(true), Err(ApiError::Rejected(rejection)) if rejection.retry_after() == Some(60 * SECOND))
    );
    CLOCK.advance(60 * SECOND);
    assert_eq!(guarded(true), Ok(()));
    for breaker in &breakers[1..] {
        assert!(breaker.call(|| Ok::<_, &str>(())).is_ok());
        assert_eq!(breaker.info().state, State::Closed);
    }
}
