//! Real threads on one breaker, and afterwards what their histories say: as if one thing had happened after the other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use fastrand::Rng;
use fluxgate::{
    Builder, CircuitBreaker, ManualClock, MaxFailedProbes, MaxProbeTime, Reason, Signal, State, permits::All,
    retries::Cooldown,
};
use fluxgate_tests::fixture::{Down, Recorder, breaker_with};

const THREADS: u64 = 8;
const LIMIT: u32 = 3;
/// Fewer than wait for a listener before any is lost.
const STORM: u64 = 20_000;

/// Counts calls as they are made, beside the breaker.
#[derive(Default)]
struct Seen {
    /// Calls of half-open times that run just now, and the most there ever were.
    probes: AtomicI64,
    most_probes: AtomicI64,
    permitted: AtomicU64,
    rejected: AtomicU64,
    successes: AtomicU64,
    failures: AtomicU64,
    ignored: AtomicU64,
}

/// Tells the calls apart by thread, so that nothing that happens depends on chance.
fn number(thread: u64, step: u64) -> u64 {
    Rng::with_seed(thread << 32 | step).u64(..)
}

impl Seen {
    /// One call, ended in one of several ways, perhaps after others have come between.
    fn call(&self, breaker: &CircuitBreaker, number: u64) {
        let Ok(call) = breaker.try_acquire() else {
            self.rejected.fetch_add(1, Ordering::Relaxed);
            return;
        };
        self.permitted.fetch_add(1, Ordering::Relaxed);
        for _ in 0..number % 3 {
            thread::yield_now();
        }
        match number / 3 % 8 {
            0..4 => {
                self.successes.fetch_add(1, Ordering::Relaxed);
                call.success();
            }
            4..7 => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                call.failure();
            }
            _ => {
                self.ignored.fetch_add(1, Ordering::Relaxed);
                call.ignored();
            }
        }
    }
}

/// The arrows of the diagram, with the reasons that they may have.
fn is_of_the_diagram(signal: &Signal) -> bool {
    let (old, new) = (signal.old_state(), signal.new_state());
    match signal.reason() {
        Reason::Tripped(_) => matches!((old, new), (State::Closed | State::HalfOpen, State::Open)),
        Reason::RetryDue => (old, new) == (State::Open, State::HalfOpen),
        Reason::Recovered => (old, new) == (State::HalfOpen, State::Closed),
        _ => old != new && !matches!(new, State::Open | State::HalfOpen),
    }
}

/// The transitions form one path of the diagram, and count their reopenings as it goes.
fn assert_one_path(signals: &[Signal], breaker: &CircuitBreaker) {
    let (mut at, mut reopens) = (State::Closed, 0);
    for (index, signal) in signals.iter().enumerate() {
        assert_eq!(signal.old_state(), at, "transition {index} begins elsewhere");
        assert!(is_of_the_diagram(signal), "{signal:?}");
        at = signal.new_state();
        match (signal.old_state(), at) {
            (_, State::Closed) => reopens = 0,
            (State::HalfOpen, State::Open) => reopens += 1,
            _ => {}
        }
        assert_eq!(signal.reopens(), reopens, "transition {index}");
    }
    let info = breaker.info();
    assert_eq!((info.state, info.reopens), (at, reopens));
}

fn stormy(settings: impl FnOnce(Builder) -> Builder) -> (CircuitBreaker, ManualClock, [Recorder; 2]) {
    let recorders = [Recorder::default(), Recorder::default()];
    let (breaker, clock) = breaker_with("MinRequests(5) & FailureRate(0.6) | FailureStreak(4)", |builder| {
        // No probe is given up, which would count it as a failure before it ends as something else.
        let builder = builder.permit(All()).retry(Cooldown(1)).max_probe_time(MaxProbeTime::Off);
        let builder = builder.max_half_open_calls(LIMIT);
        settings(builder.listener(Counts).listener(recorders[0].clone()).listener(recorders[1].clone()))
    });
    (breaker, clock, recorders)
}

struct Counts;

impl fluxgate::Listener for Counts {
    fn on_transition(&self, _: &Signal) {}
    fn counts_calls(&self) -> bool {
        true
    }
}

#[test]
fn transitions_under_storm_are_one_path_and_every_call_is_accounted_for() {
    let (breaker, clock, recorders) = stormy(|builder| builder);
    let seen = Seen::default();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (breaker, clock, seen) = (&breaker, &clock, &seen);
                scope.spawn(move || {
                    for step in 0..2_000 {
                        let number = number(thread, step);
                        seen.call(breaker, number);
                        match number >> 32 & 255 {
                            0..16 => clock.advance(Duration::from_millis(300)),
                            16..36 => breaker.reset(),
                            36 => breaker.disable(),
                            37 => breaker.metrics_only(),
                            38 => breaker.force_open(),
                            _ => {}
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let info = breaker.info();
                assert!(info.probes_in_flight <= LIMIT as usize, "{info:?}");
                assert!(info.probes_in_flight == 0 || info.state == State::HalfOpen, "{info:?}");
                assert!(info.failures <= info.calls && info.calls <= 100, "{info:?}");
                assert!(info.reopens == 0 || info.state != State::Closed, "{info:?}");
                thread::yield_now();
            }
        });
        for caller in callers {
            caller.join().unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    recorders[1].catch_up(&breaker);
    let [first, second] = recorders.map(|recorder| recorder.signals());
    assert_one_path(&first, &breaker);
    let storm = 500..usize::try_from(3 * STORM).unwrap();
    assert!(storm.contains(&first.len()), "{} transitions are no storm, or too much of one", first.len());
    let states = |signals: &[Signal]| signals.iter().map(Signal::new_state).collect::<Vec<_>>();
    assert_eq!(states(&first), states(&second), "every listener hears the same");
    let transitions = breaker.transitions().unwrap();
    assert_eq!(transitions.iter().map(|(_, _, times)| times).sum::<u64>(), first.len() as u64);
    for (old, new, times) in transitions.iter() {
        let heard = first.iter().filter(|signal| (signal.old_state(), signal.new_state()) == (old, new)).count();
        assert_eq!(heard as u64, times, "{old} to {new}");
    }
    let (info, totals) = (breaker.info(), breaker.totals().unwrap());
    assert_eq!(info.probes_in_flight, 0);
    assert_eq!(totals.rejected, seen.rejected.into_inner());
    // Those of a disabled breaker are in no total.
    let (successes, failures) = (seen.successes.into_inner(), seen.failures.into_inner());
    assert!(
        totals.successes <= successes && totals.failures <= failures && totals.ignored <= seen.ignored.into_inner()
    );
    assert_eq!(info.rejected, totals.rejected);
}

#[test]
fn without_commands_every_outcome_is_in_the_totals() {
    let (breaker, clock, recorders) = stormy(|builder| builder);
    let seen = Seen::default();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (breaker, clock, seen) = (&breaker, &clock, &seen);
            scope.spawn(move || {
                for step in 0..3_000 {
                    seen.call(breaker, number(thread + 100, step));
                    if step % 20 == 0 {
                        clock.advance(Duration::from_millis(200));
                    }
                }
            });
        }
    });
    recorders[1].catch_up(&breaker);
    assert_one_path(&recorders[0].signals(), &breaker);
    let totals = breaker.totals().unwrap();
    let expected = (seen.successes.into_inner(), seen.failures.into_inner(), seen.ignored.into_inner());
    assert_eq!((totals.successes, totals.failures, totals.ignored), expected);
    assert_eq!(totals.rejected, seen.rejected.into_inner());
    assert_eq!(seen.permitted.into_inner(), expected.0 + expected.1 + expected.2);
    assert_eq!(breaker.info().probes_in_flight, 0);
}

#[test]
fn the_calls_that_run_half_open_are_never_more_than_the_limit() {
    let (breaker, clock, recorders) = stormy(|builder| builder.max_failed_probes(MaxFailedProbes::Off));
    let seen = Seen::default();
    for round in 0..200 {
        breaker.reset();
        // Nothing else runs, so that every call from here on is a probe until one of them has closed or opened it.
        (0..4).for_each(|_| drop(breaker.call(|| Err::<(), _>(Down))));
        assert_eq!(breaker.info().state, State::Open);
        clock.advance(Duration::from_secs(1));
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (breaker, seen) = (&breaker, &seen);
                scope.spawn(move || {
                    for step in 0..10 {
                        let Ok(probe) = breaker.try_acquire() else { continue };
                        let running = seen.probes.fetch_add(1, Ordering::SeqCst) + 1;
                        seen.most_probes.fetch_max(running, Ordering::SeqCst);
                        thread::yield_now();
                        // Taken off before the slot is free, so that the count is never too high by itself.
                        seen.probes.fetch_sub(1, Ordering::SeqCst);
                        if number(thread, step + round).is_multiple_of(2) { probe.ignored() } else { drop(probe) }
                    }
                });
            }
        });
        assert_eq!((breaker.info().state, breaker.info().probes_in_flight), (State::HalfOpen, 0));
    }
    assert_eq!(seen.most_probes.into_inner(), i64::from(LIMIT), "never more, and as many as may be");
    recorders[1].catch_up(&breaker);
    assert_one_path(&recorders[0].signals(), &breaker);
}

#[test]
fn a_closed_breaker_counts_the_calls_that_were_made_since_it_closed() {
    let (breaker, _, recorders) = stormy(|builder| {
        builder
            .tripper("FailureStreak(1000000)".parse::<fluxgate::Tripper>().unwrap())
            .window("CountWindow(1000000)".parse::<fluxgate::Window>().unwrap())
    });
    for round in 0..40 {
        // Calls from before the reset end after it, and count for nothing.
        let early: Vec<_> = (0..50).map(|_| breaker.try_acquire_owned().unwrap()).collect();
        if round % 2 == 0 {
            breaker.metrics_only();
        }
        breaker.reset();
        let (recorded, early) = (Arc::new(AtomicU64::new(0)), std::sync::Mutex::new(early));
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (breaker, recorded, early) = (&breaker, Arc::clone(&recorded), &early);
                scope.spawn(move || {
                    for step in 0..250 {
                        let number = number(thread + round * THREADS, step);
                        let call = breaker.try_acquire().unwrap();
                        if number.is_multiple_of(16)
                            && let Some(early) = early.lock().unwrap().pop()
                        {
                            if number.is_multiple_of(32) { early.success() } else { early.failure() }
                        }
                        match number / 16 % 4 {
                            0 => call.failure(),
                            1 => {
                                call.ignored();
                                continue;
                            }
                            _ => call.success(),
                        }
                        recorded.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(breaker.info().calls, recorded.load(Ordering::Relaxed), "round {round}");
    }
    recorders[1].catch_up(&breaker);
    assert_one_path(&recorders[0].signals(), &breaker);
}

#[test]
fn commands_of_eight_threads_are_one_path_that_ends_where_the_breaker_is() {
    const COMMANDS: [fn(&CircuitBreaker); 4] =
        [CircuitBreaker::reset, CircuitBreaker::disable, CircuitBreaker::metrics_only, CircuitBreaker::force_open];
    let (breaker, _, recorders) = stormy(|builder| builder);
    // In rounds, for a listener that the threads leave far behind would lose what is too much for the queue.
    for round in 0..5 {
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let breaker = &breaker;
                scope.spawn(move || {
                    for step in 0..STORM / THREADS {
                        COMMANDS[usize::try_from(number(thread + round * THREADS, step) % 4).unwrap()](breaker);
                    }
                });
            }
        });
    }
    recorders[1].catch_up(&breaker);
    let [first, second] = recorders.map(|recorder| recorder.signals());
    assert_one_path(&first, &breaker);
    assert_eq!(first.len(), second.len());
    assert_eq!(breaker.transitions().unwrap().iter().map(|(_, _, times)| times).sum::<u64>(), first.len() as u64);
}
