//! Rounds in which every subject has its turn, on one thread or on several at once.

use std::{
    hint::spin_loop,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    machine,
    subjects::Shared,
    traffic::{Tally, Traffic},
};

/// The length of a measurement.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) threads: usize,
    pub(crate) rounds: usize,
    /// A subject's turn in a round.
    turn: Duration,
    /// So many calls between two looks at the clock.
    batch: u64,
}

impl Plan {
    pub(crate) fn one_thread(quick: bool) -> Self {
        Self { threads: 1, rounds: if quick { 5 } else { 200 }, turn: Duration::from_millis(1), batch: 10_000 }
    }

    /// Turns long enough that the threads' first and last microseconds do not count, batches short enough that a
    /// thread soon notices that the other is done.
    pub(crate) fn two_threads(quick: bool) -> Self {
        Self { threads: 2, rounds: if quick { 5 } else { 100 }, turn: Duration::from_millis(3), batch: 200 }
    }
}

/// The measurements of one thread, by subject.
pub(crate) struct Log {
    /// By round.
    pub(crate) turns: Vec<Vec<Turn>>,
    pub(crate) tallies: Vec<Tally>,
}

pub(crate) struct Turn {
    /// A call's time in nanoseconds: alone, that of the best batch; among other threads, the mean.
    pub(crate) nanos: f64,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    /// True if the thread lost its core.
    pub(crate) interrupted: bool,
}

/// Lets all of the crew take their turns; a log for each thread.
pub(crate) fn take_all(crew: &[Shared], traffic: Traffic, plan: Plan) -> Vec<Log> {
    let meeting = Meeting::default();
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..plan.threads).map(|_| scope.spawn(|| take_turns(crew, traffic, plan, &meeting))).collect();
        // Only a subject can panic, and then there is nothing to go on with.
        threads.into_iter().map(|thread| thread.join().expect("no subject panics")).collect()
    })
}

/// Every thread goes through the same turns in the same order, and begins each together with the others.
fn take_turns(crew: &[Shared], traffic: Traffic, plan: Plan, meeting: &Meeting) -> Log {
    let mut workers: Vec<_> = crew.iter().map(|shared| shared()).collect();
    let turns = crew.iter().map(|_| Vec::with_capacity(plan.rounds)).collect();
    let mut log = Log { turns, tallies: vec![Tally::default(); crew.len()] };
    let mut number = 0;
    for round in 0..plan.rounds {
        for step in 0..crew.len() {
            // Another one begins each round, so that none always follows the same neighbour's heat.
            let index = (round + step) % crew.len();
            number += 1;
            meeting.begin(number, plan.threads);
            let batch = || workers[index](traffic, plan.batch);
            let (turn, tally) = take_turn(plan, batch, || meeting.over(number), || meeting.end(number));
            log.turns[index].push(turn);
            log.tallies[index] += tally;
        }
    }
    log
}

/// Ends when the time is up, or as soon as another thread has ended its own.
fn take_turn(plan: Plan, mut batch: impl FnMut() -> Tally, over: impl Fn() -> bool, end: impl Fn()) -> (Turn, Tally) {
    let mut tally = Tally::default();
    let mut best = Duration::MAX;
    let interruptions = machine::interruptions();
    let begun = Instant::now();
    let mut before = begun;
    loop {
        tally += batch();
        let now = Instant::now();
        best = best.min(now - before);
        before = now;
        if now - begun >= plan.turn || over() {
            end();
            let alone = plan.threads == 1;
            let (time, calls) = if alone { (best, plan.batch) } else { (now - begun, tally.calls()) };
            let interrupted = machine::interruptions() != interruptions;
            return (Turn { nanos: nanos_each(time, calls), begun, ended: now, interrupted }, tally);
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a turn is far below 2^53 calls or nanoseconds")]
fn nanos_each(time: Duration, calls: u64) -> f64 {
    time.as_nanos() as f64 / calls as f64
}

/// The place where threads wait for each other before a turn, without sleep: waking one takes longer than many batches.
#[derive(Default)]
struct Meeting {
    arrivals: AtomicU64,
    /// The last turn that some thread has ended.
    ended: AtomicU64,
}

impl Meeting {
    /// Waits until all threads have come to this turn, counted from 1.
    fn begin(&self, turn: u64, threads: usize) {
        let awaited = turn * threads as u64;
        self.arrivals.fetch_add(1, Ordering::AcqRel);
        let mut spins = 0_u32;
        while self.arrivals.load(Ordering::Acquire) < awaited {
            spins += 1;
            // The other may be waiting for this very core.
            if spins.is_multiple_of(10_000) { thread::yield_now() } else { spin_loop() }
        }
    }

    fn over(&self, turn: u64) -> bool {
        self.ended.load(Ordering::Relaxed) >= turn
    }

    fn end(&self, turn: u64) {
        self.ended.fetch_max(turn, Ordering::Relaxed);
    }
}
