//! `breakers!`.

use std::sync::Mutex;

use fluxgate::{DeclaredBreaker, Signal, State, breakers, circuit_breaker};
use fluxgate_tests::fixture::{ApiError, counts, declared, state};

static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn hear(signal: &Signal) {
    HEARD.lock().unwrap().push(format!("{}: {}", signal.breaker(), signal.new_state()));
}

breakers! {
    default {
        listeners = [hear],
        tripper = FailureStreak(2),
    }

    /// Guards the payment provider.
    #[expect(unreachable_pub, reason = "any visibility may be written")]
    pub PAYMENT_API {
        window  = CountWindow(100),
        tracker = Custom(is_retriable_error),
        tripper = FailureStreak(5) | (MinRequests(20) & (
            (Closed() & FailureRate(0.6)) | (HalfOpened() & FailureRate(0.5))
        )),
        retry   = Backoff(initial = 10.0, multiplier = 2.0, max_duration = 300.0, jitter_ratio = 0.1),
        permit  = RampUp(initial = 0.1, final = 0.5, duration = 60.0),
        max_half_open_calls = 3,
        max_probe_time = "5s",
        cancelled = "failure",
    }

    pub(crate) INVENTORY { retry = Cooldown(30s) }

    SILENT { name = "of another name", listeners = [], shadow = true, }
}

fn is_retriable_error(error: &ApiError) -> bool {
    matches!(error, ApiError::Status(500..))
}

#[circuit_breaker(PAYMENT_API)]
fn charge(status: u16) -> Result<(), ApiError> {
    Err(ApiError::Status(status))
}

#[test]
fn a_declared_breaker_guards_functions_and_calls_by_hand() {
    charge(404).unwrap_err();
    charge(500).unwrap_err();
    let _ = PAYMENT_API.call(|| Err::<(), _>(ApiError::Status(500)));
    assert_eq!(counts("payment_api"), (2, 2));
    assert_eq!(PAYMENT_API.info().calls, 2);
}

#[test]
fn default_is_for_those_that_do_not_say_otherwise() {
    let fail = |breaker: &'static DeclaredBreaker| {
        for _ in 0..2 {
            let _ = breaker.call(|| Err::<(), _>(ApiError::Status(500)));
        }
        state(breaker)
    };
    assert_eq!((fail(&INVENTORY), fail(&SILENT)), (State::Open, State::Open));
    assert!(SILENT.info().shadow);
    let heard = HEARD.lock().unwrap().clone();
    assert!(heard.contains(&"inventory: open".to_owned()), "{heard:?}");
    assert!(!heard.iter().any(|heard| heard.contains("another name")), "{heard:?}");
}

breakers! {
    NEVER_CALLED {}
}

#[test]
fn a_breaker_that_no_call_has_reached_is_known() {
    assert_eq!(declared("never_called").info().state, State::Closed);
    assert_eq!(format!("{NEVER_CALLED:?}"), "DeclaredBreaker { name: \"never_called\", .. }");
}

#[test]
fn a_block_may_stand_in_a_function_and_be_empty() {
    breakers! {}
    breakers! { default { shadow } }
    breakers! {
        IN_A_FUNCTION {}
    }
    IN_A_FUNCTION.call(|| Ok::<_, ApiError>(())).unwrap();
    assert_eq!(counts("in_a_function"), (1, 0));
}

breakers! {
    #[cfg(any())]
    CONDITIONAL { tripper = FailureStreak(1) }

    #[cfg(all())]
    CONDITIONAL { tripper = FailureStreak(2) }

    #[deprecated = "call the new service"]
    #[doc(hidden)]
    #[allow(dead_code, reason = "nobody is to call it")]
    OLD {}

    #[allow(non_upper_case_globals, reason = "as the service is called")]
    r#mixed_Case { name = concat!("mixed", " case") }
}

#[test]
fn entries_take_attributes() {
    let _ = CONDITIONAL.call(|| Err::<(), _>(ApiError::Status(1)));
    assert_eq!(state(&CONDITIONAL), State::Closed);
    assert_eq!((declared("old").name(), mixed_Case.name()), ("old", "mixed case"));
}

mod visibility {
    pub(super) mod inner {
        fluxgate::breakers! {
            pub(in super::super) SEEN {}
        }
    }
}

macro_rules! many {
    ($($name:ident = $limit:literal),*) => {
        breakers! { $($name { tripper = FailureStreak($limit) })* }
    };
}

many!(FIRST = 1, SECOND = 2);

#[test]
fn breakers_may_come_from_a_macro_and_be_seen_elsewhere() {
    for breaker in [&FIRST, &SECOND, &visibility::inner::SEEN] {
        let _ = breaker.call(|| Err::<(), _>(ApiError::Status(1)));
    }
    assert_eq!((state(&FIRST), state(&SECOND)), (State::Open, State::Closed));
}

mod reexport {
    pub(super) use ::fluxgate;
}

breakers! {
    default { crate = reexport::fluxgate }

    FROM_ELSEWHERE { tracker = TypeOf(std::io::Error) | Matches(ApiError::Status(_)) }
}

#[test]
fn the_crate_may_be_found_elsewhere() {
    let _ = FROM_ELSEWHERE.call(|| Err::<(), _>(ApiError::Status(1)));
    assert_eq!(counts("from_elsewhere"), (1, 1));
}
