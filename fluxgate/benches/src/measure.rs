//! From turns to the rows of the table.

use crate::{
    allocation,
    goal::Goal,
    scenarios::Scenario,
    subjects::{Role, Shared, Subject},
    traffic::{Tally, Traffic},
    turns::{self, Log, Plan, Turn},
};

/// A row of the table.
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) goal: Option<Goal>,
    /// A call's and thread's time, on one thread and on two: what the bare call takes, and what the others add to it.
    pub(crate) nanos: [Option<f64>; 2],
    /// In what share of its rounds the two threads met.
    pub(crate) met: f64,
    /// A call's.
    pub(crate) allocations: f64,
}

impl Measured {
    pub(crate) fn ours(rows: &[Self]) -> Option<&Self> {
        rows.iter().find(|row| row.role == Role::Ours)
    }
}

pub(crate) fn run(scenario: &Scenario, quick: bool) -> Vec<Measured> {
    for subject in &scenario.subjects {
        prove_that_it_trips(subject);
    }
    let one = overheads(scenario, Plan::one_thread(quick));
    let two = overheads(scenario, Plan::two_threads(quick));
    let times = one.into_iter().zip(two);
    let rows = scenario.subjects.iter().zip(times).map(|(subject, (one, two))| Measured {
        name: subject.name.clone(),
        role: subject.role,
        goal: subject.goal,
        nanos: [one.nanos, two.nanos],
        met: two.met,
        allocations: allocation::of_a_call(&prepared(scenario, subject), scenario.traffic),
    });
    rows.collect()
}

/// A breaker that never opens would be the fastest.
fn prove_that_it_trips(subject: &Subject) {
    if subject.trips {
        let tally = subject.build()()(Traffic::Failing, 1_000);
        assert!(tally.rejected > 0, "{} is to open when every call fails: {tally:?}", subject.name);
    }
}

/// A new breaker, in the state that the scenario is about.
fn prepared(scenario: &Scenario, subject: &Subject) -> Shared {
    let shared = subject.build();
    let mut worker = shared();
    if scenario.opened {
        worker(Traffic::Failing, 1_000);
    }
    scenario.verify(subject, worker(scenario.traffic, scenario.warm_up));
    shared
}

/// A smaller share of rounds says nothing.
const ENOUGH: f64 = 0.1;

/// The time that a subject adds to the bare call or, for the bare call, all its time.
struct Overhead {
    /// `None` without enough rounds to judge by.
    nanos: Option<f64>,
    /// The share of rounds to judge by.
    met: f64,
}

/// The overhead of each subject, of which the first is the bare call.
fn overheads(scenario: &Scenario, plan: Plan) -> Vec<Overhead> {
    let takes_part = |subject: &&Subject| plan.threads <= subject.max_threads;
    let subjects: Vec<&Subject> = scenario.subjects.iter().filter(takes_part).collect();
    let crew: Vec<Shared> = subjects.iter().map(|subject| prepared(scenario, subject)).collect();
    let logs = turns::take_all(&crew, scenario.traffic, plan);

    for (index, subject) in subjects.iter().enumerate() {
        let mut tally = Tally::default();
        for log in &logs {
            tally += log.tallies[index];
        }
        scenario.verify(subject, tally);
    }

    let bare: Vec<Option<f64>> = (0..plan.rounds).map(|round| mean(&logs, 0, round)).collect();
    let mut measured = (0..crew.len()).map(|index| {
        let rounds = (0..plan.rounds).filter_map(|round| Some((mean(&logs, index, round)?, bare[round]?)));
        let mut rounds: Vec<(f64, f64)> = rounds.collect();
        let met = share(rounds.len(), plan.rounds);
        if index == 0 {
            rounds = rounds.into_iter().map(|(nanos, _)| (nanos, 0.0)).collect();
        }
        let enough = met >= ENOUGH;
        let nanos = if plan.threads == 1 { at_best(rounds) } else { at_median(rounds) };
        Overhead { nanos: nanos.filter(|_| enough), met }
    });
    let absent = || Overhead { nanos: None, met: 1.0 };
    // `measured` has an item for each that takes part, in their order.
    let each = scenario.subjects.iter().map(|subject| takes_part(&subject).then(|| measured.next()).flatten());
    each.map(|overhead| overhead.unwrap_or_else(absent)).collect()
}

/// A call's time in a round, unless the threads barely met in it: with fewer free cores than threads, one often begins
/// when the other is done, and shows how little a breaker costs that nobody shares; or one sleeps with a lock in hand.
fn mean(logs: &[Log], subject: usize, round: usize) -> Option<f64> {
    const TOGETHER: f64 = 0.8;
    let turns = || logs.iter().map(|log: &Log| -> &Turn { &log.turns[subject][round] });
    let whole = turns().map(|turn| turn.ended).max()? - turns().map(|turn| turn.begun).min()?;
    // Zero if one began after another's end.
    let together = turns().map(|turn| turn.ended).min()?.duration_since(turns().map(|turn| turn.begun).max()?);
    let alone = logs.len() == 1;
    let met = together.as_secs_f64() >= whole.as_secs_f64() * TOGETHER && !turns().any(|turn| turn.interrupted);
    // Alone, the best batch is one without interruption anyway.
    (alone || met).then(|| turns().map(|turn| turn.nanos).sum::<f64>() * share(1, logs.len()))
}

#[allow(clippy::cast_precision_loss, reason = "a few hundreds")]
fn share(part: usize, of: usize) -> f64 {
    part as f64 / of as f64
}

/// In the round that disturbed the subject and the bare call least. The least overhead of all would be that of a round
/// that disturbed the bare call alone.
fn at_best(rounds: Vec<(f64, f64)>) -> Option<f64> {
    let best = rounds.into_iter().min_by(|one, other| (one.0 + one.1).total_cmp(&(other.0 + other.1)));
    best.map(|(nanos, bare)| nanos - bare)
}

/// In the middle: with several threads, the best rounds are those in which they met least.
fn at_median(rounds: Vec<(f64, f64)>) -> Option<f64> {
    let mut added: Vec<f64> = rounds.into_iter().map(|(nanos, bare)| nanos - bare).collect();
    added.sort_by(f64::total_cmp);
    added.get(added.len() / 2).copied()
}
