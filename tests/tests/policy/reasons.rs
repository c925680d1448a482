//! What a breaker says of why it opened.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use fluxgate::{
    CircuitBreaker, Tripper,
    trippers::{CallContext, CustomTripper, FailureStreak},
};
use fluxgate_tests::fixture::{Down, Recorder, SECOND, breaker_with, fail, succeed};

/// Each clause that held, with its figures.
fn clauses(recorder: &Recorder) -> Vec<(String, String)> {
    let signals = recorder.signals();
    let tripped = signals.last().expect("it opened").reason().tripped().expect("by its tripper");
    tripped.clauses().iter().map(|held| (held.clause().to_owned(), held.figures().to_owned())).collect()
}

#[test]
fn each_clause_that_held_tells_its_figures() {
    let recorder = Recorder::default();
    let tripper =
        "Closed() & MinRequests(2) & (AvgLatency(2s) | FailureStreak(9)) & FailureRate(0.5) & SlowRate(0.5, 3s)";
    let (breaker, clock) = breaker_with(tripper, |builder| builder.listener(recorder.clone()));
    succeed(&breaker);
    let _ = breaker.call(|| {
        clock.advance(4 * SECOND);
        Err::<(), _>(Down)
    });
    let told = clauses(&recorder);
    let told: Vec<_> = told.iter().map(|(clause, figures)| (clause.as_str(), figures.as_str())).collect();
    assert_eq!(
        told,
        [
            ("Closed()", "the breaker is closed"),
            ("MinRequests(2)", "2 calls in the window"),
            ("AvgLatency(2s)", "the last 2 calls took 2s on average"),
            ("FailureRate(0.5)", "1 of the last 2 calls failed"),
            ("SlowRate(0.5, 3s)", "1 of the last 2 calls took 3s or longer"),
        ]
    );
}

/// Counts how often it is asked.
struct Asked(Arc<AtomicU32>, bool);

impl CustomTripper for Asked {
    fn holds(&self, _: &CallContext) -> bool {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.1
    }
}

#[test]
fn of_two_trippers_of_the_users_own_each_is_asked_once_and_told_of_by_its_own_verdict() {
    let asked: [Arc<AtomicU32>; 2] = Default::default();
    let [no, yes] =
        [false, true].map(|verdict| Tripper::from(Asked(Arc::clone(&asked[usize::from(verdict)]), verdict)));
    let recorder = Recorder::default();
    let breaker = CircuitBreaker::builder("two of ones own")
        .tripper(FailureStreak(9) | no | yes)
        .listener(recorder.clone())
        .build()
        .unwrap();
    fail(&breaker);
    let told = clauses(&recorder);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].1, "condition held");
    assert_eq!(asked.map(|asked| asked.load(Ordering::SeqCst)), [1, 1]);
}
