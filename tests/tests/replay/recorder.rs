//! The calls of a breaker, recorded as a trace.

use std::{io::ErrorKind, thread, time::Duration};

use fluxgate::{CallNotPermitted, CircuitBreaker, ManualClock, State, circuit_breaker, trippers::FailureStreak};
use fluxgate_replay::{
    driver::{Decision, Observer, drive},
    trace::{Row, Trace},
};
use fluxgate_tests::{
    conformance::{self, overlapping},
    fixture::{SECOND, state},
    replay::Folder,
};

/// A breaker that is recorded into a file of its own, on a manual clock that stands at 100 s.
struct Recorded {
    folder: Folder,
    breaker: CircuitBreaker,
    clock: ManualClock,
}

impl Recorded {
    fn new(shadow: bool) -> Self {
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::builder("recorded")
            .tripper(FailureStreak(2))
            .retry("Cooldown(10s)".parse::<fluxgate::Retry>().unwrap())
            .permit("All()".parse::<fluxgate::Permit>().unwrap())
            .clock(clock.clone())
            .shadow(shadow)
            .build()
            .unwrap();
        clock.advance(100 * SECOND);
        let folder = Folder::new();
        breaker.record_calls(folder.path("trace.csv")).unwrap();
        Self { folder, breaker, clock }
    }

    fn call(&self, succeeds: bool, duration: Duration) -> bool {
        let work = || {
            self.clock.advance(duration);
            if succeeds { Ok(()) } else { Err("down") }
        };
        !matches!(self.breaker.call(work), Err(fluxgate::Error::NotPermitted(_)))
    }

    fn stop(&self) -> (fluxgate::Recorded, Vec<String>) {
        let recorded = self.breaker.stop_recording().unwrap().expect("it was recording");
        let trace = self.folder.read("trace.csv");
        let rows: Vec<_> = trace.lines().map(str::to_owned).collect();
        assert_eq!(rows[0], "at,outcome,duration");
        assert_eq!(rows.len() as u64 - 1, recorded.rows);
        (recorded, rows[1..].to_vec())
    }
}

#[test]
fn every_way_in_which_a_call_can_end_is_a_row_and_every_command() {
    let recorded = Recorded::new(false);
    let Recorded { breaker, clock, .. } = &recorded;
    recorded.call(true, SECOND / 4);
    recorded.call(false, SECOND);
    breaker.try_acquire().unwrap().ignored();
    recorded.call(true, Duration::ZERO);
    let waiting = breaker.try_acquire().unwrap();
    clock.advance(2 * SECOND);
    drop(waiting);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = breaker.call(|| -> Result<(), ()> { panic!("a bug") });
    }));
    assert!(panicked.is_err());
    breaker.force_open();
    breaker.disable();
    recorded.call(false, SECOND);
    breaker.metrics_only();
    recorded.call(true, Duration::from_nanos(1));
    breaker.reset();
    let (summary, rows) = recorded.stop();
    assert_eq!(
        rows,
        [
            "0.000000000,ok,0.250000000",
            "0.250000000,fail,1.000000000",
            "1.250000000,ignored,0.000000000",
            "1.250000000,ok,0.000000000",
            "1.250000000,cancelled,2.000000000",
            "3.250000000,fail,0.000000000",
            "3.250000000,force_open,",
            "3.250000000,disable,",
            "3.250000000,fail,1.000000000",
            "4.250000000,metrics_only,",
            "4.250000000,ok,0.000000001",
            "4.250000001,reset,",
        ]
    );
    assert_eq!((summary.rows, summary.rejected, summary.left_out), (12, 0, 0));
}

#[test]
fn rows_are_in_the_order_of_the_starts_however_the_calls_end() {
    let recorded = Recorded::new(false);
    let calls: Vec<_> = (0..3)
        .map(|_| {
            recorded.clock.advance(SECOND);
            recorded.breaker.try_acquire().unwrap()
        })
        .collect();
    for call in calls.into_iter().rev() {
        recorded.clock.advance(SECOND);
        call.success();
    }
    let (_, rows) = recorded.stop();
    assert_eq!(rows, ["1.000000000,ok,5.000000000", "2.000000000,ok,3.000000000", "3.000000000,ok,1.000000000"]);
}

#[tokio::test]
async fn a_future_is_a_row_too_and_one_dropped_in_flight_is_cancelled() {
    let recorded = Recorded::new(false);
    let _ = recorded.breaker.call_async(async { Err::<(), _>("down") }).await;
    let mut hanging = Box::pin(recorded.breaker.call_async(std::future::pending::<Result<(), ()>>()));
    assert!(poll_once(hanging.as_mut()).is_pending());
    recorded.clock.advance(3 * SECOND);
    drop(hanging);
    let (_, rows) = recorded.stop();
    assert_eq!(rows, ["0.000000000,fail,0.000000000", "0.000000000,cancelled,3.000000000"]);
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

#[test]
fn in_shadow_mode_calls_that_would_have_been_rejected_are_rows_like_the_others() {
    let recorded = Recorded::new(true);
    for _ in 0..2 {
        recorded.call(false, SECOND);
    }
    assert_eq!(recorded.breaker.info().state, State::Open);
    recorded.call(true, SECOND);
    assert_eq!(recorded.breaker.info().would_have_been_rejected, 1);
    let (summary, rows) = recorded.stop();
    assert_eq!(rows[2], "2.000000000,ok,1.000000000");
    assert_eq!((summary.rows, summary.rejected), (3, 0));
}

#[test]
fn calls_that_are_really_rejected_are_counted_and_are_no_rows() {
    let recorded = Recorded::new(false);
    for _ in 0..2 {
        recorded.call(false, SECOND);
    }
    for _ in 0..5 {
        assert!(!recorded.call(true, SECOND));
    }
    let (summary, rows) = recorded.stop();
    assert_eq!((rows.len(), summary.rejected), (2, 5));
}

#[test]
fn a_probe_that_was_given_up_is_a_row_once_it_ends() {
    let recorded = Recorded::new(false);
    for _ in 0..2 {
        recorded.call(false, Duration::ZERO);
    }
    recorded.clock.advance(10 * SECOND);
    let hanging = recorded.breaker.try_acquire().unwrap();
    recorded.clock.advance(60 * SECOND);
    recorded.call(true, SECOND);
    assert_eq!(recorded.breaker.info().state, State::Closed);
    hanging.success();
    let (_, rows) = recorded.stop();
    assert_eq!(rows[2..], ["10.000000000,ok,61.000000000", "70.000000000,ok,1.000000000"]);
}

#[test]
fn calls_in_flight_at_the_beginning_or_the_end_are_left_out() {
    let recorded = Recorded::new(false);
    let early = recorded.breaker.try_acquire().unwrap();
    recorded.clock.advance(SECOND);
    recorded.call(true, SECOND);
    let (summary, rows) = recorded.stop();
    assert_eq!((rows, summary.left_out), (vec!["1.000000000,ok,1.000000000".to_owned()], 1));

    recorded.breaker.record_calls(recorded.folder.path("trace.csv")).unwrap();
    early.failure();
    recorded.call(false, SECOND);
    let (summary, rows) = recorded.stop();
    assert_eq!((rows, summary.left_out), (vec!["0.000000000,fail,1.000000000".to_owned()], 0));
    assert!(recorded.breaker.stop_recording().unwrap().is_none());
    recorded.call(true, SECOND);
    assert_eq!(recorded.folder.read("trace.csv").lines().count(), 2);
}

#[test]
fn a_call_that_never_ends_holds_the_others_back_for_a_while_only() {
    let recorded = Recorded::new(false);
    std::mem::forget(recorded.breaker.try_acquire().unwrap());
    for _ in 0..150_000 {
        // Of calls that start at the same time, it does not matter which is which.
        recorded.clock.advance(Duration::from_nanos(1));
        recorded.breaker.try_acquire().unwrap().success();
    }
    let (summary, _) = recorded.stop();
    assert_eq!((summary.rows, summary.left_out), (150_000, 1));
}

/// The state after each start and each end of a row.
struct States<'b>(&'b CircuitBreaker, Vec<State>);

impl Observer for States<'_> {
    fn decided(&mut self, _: usize, _: Decision) {
        self.1.push(state(self.0));
    }

    fn ended(&mut self, _: usize) {
        self.1.push(state(self.0));
    }
}

#[test]
fn a_recording_decides_nothing_and_its_trace_is_what_happened() {
    for case in overlapping() {
        let rows: Vec<_> = case.events.iter().map(conformance::Event::row).collect();
        let folder = Folder::new();
        let states = |recorded: bool| {
            let clock = ManualClock::new();
            let breaker = case.policy.builder().clock(clock.clone()).shadow(true).build().unwrap();
            if recorded {
                breaker.record_calls(folder.path("trace.csv")).unwrap();
            }
            let mut states = States(&breaker, Vec::new());
            drive(&breaker, &clock, &rows, &mut states);
            let States(_, states) = states;
            assert_eq!(breaker.stop_recording().unwrap().is_some(), recorded);
            states
        };
        assert!(states(true) == states(false), "{}", case.name);
        let trace = Trace::read(&folder.path("trace.csv")).unwrap();
        // Of calls that started at the same time, the order is not known.
        let sorted = |rows: &[Row]| {
            let mut rows: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            rows
        };
        assert!(sorted(&trace.rows) == sorted(&rows), "{}", case.name);
    }
}

#[test]
fn threads_at_once_lose_no_call_and_rows_stay_in_order() {
    let folder = Folder::new();
    let breaker = CircuitBreaker::new("busy");
    breaker.record_calls(folder.path("trace.csv")).unwrap();
    thread::scope(|scope| {
        for thread in 0..4 {
            let breaker = &breaker;
            scope.spawn(move || {
                for call in 0..2_000 {
                    let _ = breaker.call(|| if (call + thread) % 7 == 0 { Err("down") } else { Ok(()) });
                }
            });
        }
    });
    let recorded = breaker.stop_recording().unwrap().unwrap();
    assert_eq!((recorded.rows + recorded.left_out, recorded.left_out), (8_000, 0));
    assert_eq!(breaker.info().calls, 100);
    // Reading refuses rows that are out of order.
    assert_eq!(Trace::read(&folder.path("trace.csv")).unwrap().rows.len(), 8_000);
}

#[derive(Debug)]
struct Unavailable;

impl From<CallNotPermitted> for Unavailable {
    fn from(_: CallNotPermitted) -> Self {
        Self
    }
}

#[circuit_breaker(name = "recorded_function")]
fn guarded(succeeds: bool) -> Result<(), Unavailable> {
    if succeeds { Ok(()) } else { Err(Unavailable) }
}

#[test]
fn a_guarded_function_is_recorded_by_its_name_and_replayed() {
    let folder = Folder::new();
    let breaker = fluxgate::get("recorded_function").expect("it is declared");
    breaker.record_calls(folder.path("trace.csv")).unwrap();
    for call in 0..20 {
        let _ = guarded(call < 10);
    }
    assert_eq!(breaker.stop_recording().unwrap().unwrap().rows, 20);
    let arguments = ["--tripper", "FailureStreak(5)", "./trace.csv"];
    let summary = folder.replay(arguments).expect("a recorded trace can be replayed");
    assert!(summary.contains("closed -> open            FailureStreak(5): 5 failures in a row"), "{summary}");
}

#[test]
fn a_file_that_cannot_be_made_and_a_second_recording_are_errors() {
    let recorded = Recorded::new(false);
    let again = recorded.breaker.record_calls(recorded.folder.path("other.csv")).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    assert!(again.to_string().contains("`recorded` are being recorded already"));
    assert_eq!(recorded.folder.names(), ["trace.csv"]);
    let nowhere = CircuitBreaker::new("nowhere").record_calls(recorded.folder.path("no/folder.csv")).unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NotFound);
}
