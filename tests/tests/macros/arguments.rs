//! Every argument of `#[circuit_breaker]`.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use fluxgate::{CallNotPermitted, Error, Signal, State, circuit_breaker};
use fluxgate_tests::fixture::{ApiError, Recorder, counts, declared, state};

const DOWN: ApiError = ApiError::Status(503);

#[circuit_breaker(
    name = "whole policy",
    window = TimeWindow(60s),
    tracker = "Matches(ApiError::Status(500..)) | TypeOf(CallNotPermitted)",
    tripper = "FailureStreak(3)" ,
    retry = Never(),
    permit = Random(0.5),
    max_half_open_calls = 2,
    max_probe_time = "off",
    cancelled = "ignore",
)]
fn whole_policy(status: u16) -> Result<(), ApiError> {
    Err(ApiError::Status(status))
}

#[test]
fn a_policy_is_followed() {
    for status in [500, 501, 404, 502] {
        assert_eq!(whole_policy(status), Err(ApiError::Status(status)));
    }
    let rejection = whole_policy(500).unwrap_err();
    assert!(matches!(rejection, ApiError::Rejected(rejection) if rejection.retry_after().is_none()));
    assert_eq!(declared("whole policy").info().rejected, 1);
}

const NAME: &str = "named by a constant";

#[circuit_breaker(name = NAME)]
fn named_by_a_constant() -> Result<(), ApiError> {
    Ok(())
}

#[circuit_breaker(name = concat!("named by ", "a macro"))]
fn named_by_a_macro() -> Result<(), ApiError> {
    Ok(())
}

#[test]
fn a_name_may_be_a_constant_or_a_macro() {
    named_by_a_constant().unwrap();
    named_by_a_macro().unwrap();
    assert_eq!((counts("named by a constant"), counts("named by a macro")), ((1, 0), (1, 0)));
}

#[circuit_breaker(name = "in shadow", tripper = FailureStreak(1), shadow)]
fn in_shadow() -> Result<(), ApiError> {
    Err(DOWN)
}

#[circuit_breaker(name = "not in shadow", tripper = FailureStreak(1), shadow = false)]
fn not_in_shadow() -> Result<(), ApiError> {
    Err(DOWN)
}

#[test]
fn shadow_is_a_flag_or_has_a_value() {
    assert_eq!((in_shadow(), in_shadow()), (Err(DOWN), Err(DOWN)));
    assert_eq!(declared("in shadow").info().would_have_been_rejected, 1);
    assert_eq!(not_in_shadow(), Err(DOWN));
    assert!(matches!(not_in_shadow(), Err(ApiError::Rejected(_))));
}

static HEARD: Mutex<Vec<State>> = Mutex::new(Vec::new());

#[circuit_breaker(
    tripper = FailureStreak(1),
    listeners = [|signal: &Signal| HEARD.lock().unwrap().push(signal.new_state()), Recorder::default(), ],
)]
fn heard() -> Result<(), ApiError> {
    Err(DOWN)
}

#[test]
fn listeners_hear_of_transitions() {
    assert_eq!(heard(), Err(DOWN));
    assert_eq!(*HEARD.lock().unwrap(), [State::Open]);
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "`failed_if` is lent the value")]
fn is_odd(number: &u32) -> bool {
    number % 2 == 1
}

#[circuit_breaker(name = "failed by a path", failed_if = is_odd)]
fn failed_by_a_path(number: u32) -> Result<u32, ApiError> {
    Ok(number)
}

#[circuit_breaker(name = "failed by a closure", failed_if = |length| *length > limit)]
async fn failed_by_a_closure(text: &str, limit: usize) -> Result<usize, ApiError> {
    Ok(text.len())
}

#[tokio::test]
async fn a_value_may_be_a_failure_and_is_returned_as_it_is() {
    assert_eq!((failed_by_a_path(1), failed_by_a_path(2)), (Ok(1), Ok(2)));
    assert_eq!(counts("failed by a path"), (2, 1));
    assert_eq!((failed_by_a_closure("abc", 2).await, failed_by_a_closure("abc", 3).await), (Ok(3), Ok(3)));
    assert_eq!(counts("failed by a closure"), (2, 1));
}

#[circuit_breaker(name = "panicking predicate", failed_if = |()| panic!("of failed_if"))]
fn panicking_predicate() -> Result<(), ApiError> {
    Ok(())
}

#[test]
fn a_panic_of_failed_if_unwinds_and_is_a_failure() {
    let panic = std::panic::catch_unwind(panicking_predicate).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"of failed_if"));
    assert_eq!(counts("panicking predicate"), (1, 1));
}

static RUNS: AtomicU32 = AtomicU32::new(0);

#[circuit_breaker(name = "with a fallback", fallback = |error| answer(text, &error), failed_if = |number| *number == 0)]
fn with_a_fallback(text: &str) -> Result<u32, std::num::ParseIntError> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    text.parse()
}

#[expect(clippy::unnecessary_wraps, reason = "it is what the function returns")]
fn answer(text: &str, error: &Error<std::num::ParseIntError>) -> Result<u32, std::num::ParseIntError> {
    match error {
        Error::NotPermitted(_) => Ok(1000),
        Error::Inner(_) => Ok(u32::try_from(text.len()).unwrap_or(0)),
        other @ Error::TimedOut(_) => panic!("{other}"),
    }
}

#[test]
fn a_fallback_answers_errors_and_rejections_and_no_value() {
    assert_eq!((with_a_fallback("7"), with_a_fallback("many"), with_a_fallback("0")), (Ok(7), Ok(4), Ok(0)));
    assert_eq!(counts("with a fallback"), (3, 2));
    declared("with a fallback").force_open();
    assert_eq!((with_a_fallback("7"), RUNS.load(Ordering::Relaxed)), (Ok(1000), 3));
}

#[expect(clippy::needless_pass_by_value, reason = "a fallback is given the error")]
fn by_path(error: Error<Infallible>) -> Option<u32> {
    match error {
        Error::NotPermitted(_) => None,
        _ => Some(0),
    }
}

#[circuit_breaker(name = "no result", fallback = by_path, failed_if = Option::is_none)]
async fn no_result(number: Option<u32>) -> Option<u32> {
    assert_ne!(number, Some(13));
    number
}

#[tokio::test]
async fn a_function_without_a_result_has_a_fallback_and_fails_by_failed_if_or_a_panic() {
    assert_eq!((no_result(Some(1)).await, no_result(None).await), (Some(1), None));
    assert!(tokio::spawn(no_result(Some(13))).await.is_err());
    assert_eq!(counts("no result"), (3, 2));
    declared("no result").force_open();
    assert_eq!(no_result(Some(1)).await, None);
}

#[circuit_breaker(name = "wrapped", wrap_error)]
fn wrapped(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

#[circuit_breaker(name = "wrapped async", wrap_error, timeout = 1s)]
async fn wrapped_async(text: &str) -> std::io::Result<&str> {
    if text == "hangs" {
        pending::<()>().await;
    }
    Ok(text)
}

#[circuit_breaker(wrap_error)]
fn wrapped_impl_trait(number: u32) -> Result<impl Iterator<Item = u32>, std::num::ParseIntError> {
    Ok(std::iter::once(number))
}

#[circuit_breaker(wrap_error = false)]
fn not_wrapped() -> Result<u32, ApiError> {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn a_wrapped_error_shows_what_happened() {
    assert_eq!(wrapped("1"), Ok(1));
    assert!(matches!(wrapped("one"), Err(Error::Inner(_))));
    declared("wrapped").force_open();
    assert!(matches!(wrapped("1"), Err(Error::NotPermitted(_))));
    assert_eq!(wrapped_async("a").await.unwrap(), "a");
    assert!(matches!(wrapped_async("hangs").await, Err(Error::TimedOut(_))));
    assert_eq!(wrapped_impl_trait(3).unwrap().sum::<u32>(), 3);
    assert_eq!(not_wrapped(), Ok(1));
}

macro_rules! hangs {
    ($name:ident, $limit:literal) => {
        #[circuit_breaker(timeout = $limit)]
        async fn $name() -> Result<(), ApiError> {
            pending().await
        }
    };
}

hangs!(for_two_seconds, 2s);
hangs!(for_fifty_milliseconds, "50ms");
hangs!(for_half_a_second, 0.5);

#[circuit_breaker(name = "hangs with a fallback", timeout = 1s, fallback = |error| matches!(error, Error::TimedOut(_)))]
async fn hangs_with_a_fallback() -> bool {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_given_up() {
    let limit = |result| match result {
        Err(ApiError::TimedOut(time_out)) => time_out.limit(),
        other => panic!("{other:?}"),
    };
    assert_eq!(limit(for_two_seconds().await), Duration::from_secs(2));
    assert_eq!(limit(for_fifty_milliseconds().await), Duration::from_millis(50));
    assert_eq!(limit(for_half_a_second().await), Duration::from_millis(500));
    assert!(hangs_with_a_fallback().await);
    assert_eq!(counts("hangs with a fallback"), (1, 1));
}

#[circuit_breaker(name = "cancelled", cancelled = 2s, tripper = FailureStreak(1))]
async fn cancelled() -> Result<(), ApiError> {
    pending().await
}

#[tokio::test]
async fn cancelled_says_when_a_dropped_call_failed() {
    let waited = tokio::time::timeout(Duration::from_millis(1), cancelled()).await;
    assert!(waited.is_err());
    assert_eq!((counts("cancelled"), state(&declared("cancelled"))), ((0, 0), State::Closed));
}

mod reexport {
    pub(super) mod elsewhere {
        pub(crate) use ::fluxgate;
    }
}

#[circuit_breaker(crate = reexport::elsewhere::fluxgate, name = "of another crate", tracker = Matches(ApiError::Status(_)))]
fn of_another_crate() -> Result<(), ApiError> {
    Err(DOWN)
}

#[test]
fn the_crate_may_be_found_elsewhere() {
    assert_eq!(of_another_crate(), Err(DOWN));
    assert_eq!(counts("of another crate"), (1, 1));
}

#[derive(Debug)]
struct Foreign;

impl From<CallNotPermitted> for Foreign {
    fn from(_: CallNotPermitted) -> Self {
        Self
    }
}

#[circuit_breaker(tripper = Custom(|context| context.metrics().failures() > 1) | FailureStreak(9), name = "custom tripper")]
fn custom_tripper() -> Result<(), Foreign> {
    Err(Foreign)
}

#[test]
fn a_custom_tripper_needs_no_types() {
    for _ in 0..3 {
        custom_tripper().unwrap_err();
    }
    assert_eq!((state(&declared("custom tripper")), declared("custom tripper").info().rejected), (State::Open, 1));
}
