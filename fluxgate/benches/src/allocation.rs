//! The memory allocated by a call, and by a breaker for as long as it lives.

use allocation_counter::measure;
use fluxgate::{
    Window,
    windows::{CountWindow, TimeWindow},
};

use crate::{
    subjects::{self, Shared},
    table::{Table, verdict},
    traffic::{Request, Traffic, service},
};

/// Allocations a call, on this thread, apart from the first calls.
#[allow(clippy::cast_precision_loss, reason = "a few thousands")]
pub(crate) fn of_a_call(shared: &Shared, traffic: Traffic) -> f64 {
    const CALLS: u64 = 1_000;
    let mut worker = shared();
    worker(traffic, CALLS);
    let counted = measure(|| {
        worker(traffic, CALLS);
    });
    counted.count_total as f64 / CALLS as f64
}

/// The bytes that a breaker holds, its handle included.
struct Held {
    name: String,
    built: i64,
    /// After calls of one thread, among them failures, have gone through it.
    used: i64,
    /// At most so many bytes.
    goal: Option<i64>,
}

/// The policies of the breakers: clones of one share what is compiled of it.
#[derive(Clone, Copy)]
enum Policies {
    One,
    OneEach,
}

impl Policies {
    fn words(self) -> &'static str {
        match self {
            Self::One => "shared policy",
            Self::OneEach => "own policy",
        }
    }
}

/// The table of bytes a breaker.
pub(crate) fn held() -> Table {
    let ours = |window: Window, policies: Policies, goal| {
        let name = format!("fluxgate, `{window}`, {}", policies.words());
        let one = subjects::fluxgate::policy(100, window.clone());
        held_by(
            name,
            Some(goal),
            || {
                subjects::fluxgate::breaker_of(match policies {
                    Policies::One => one.clone(),
                    Policies::OneEach => subjects::fluxgate::policy(100, window.clone()),
                })
            },
            |breaker| {
                // The answers have been counted elsewhere.
                let _ = breaker.call(|| service(Request::SOME));
                let _ = breaker.call(|| service(Request::FAIL));
            },
        )
    };
    let rows = [
        ours(CountWindow(100).into(), Policies::One, 1024),
        ours(CountWindow(100).into(), Policies::OneEach, 1024),
        ours(TimeWindow(60).into(), Policies::One, 3 * 1024),
        ours(TimeWindow(60).into(), Policies::OneEach, 3 * 1024),
        held_by("recloser, 100 calls".to_owned(), None, subjects::recloser::breaker, |breaker| {
            let _ = breaker.call(|| service(Request::SOME));
            let _ = breaker.call(|| service(Request::FAIL));
        }),
    ];
    let mut table = Table::new(&["breaker", "as built", "after calls", "goal", "met"]);
    for held in rows {
        let met = held.goal.map(|goal| held.built <= goal && held.used <= goal);
        let goal = held.goal.map_or_else(|| "–".to_owned(), |goal| format!("≤ {goal}"));
        table.row([held.name, held.built.to_string(), held.used.to_string(), goal, verdict(met)]);
    }
    table
}

fn held_by<B>(name: String, goal: Option<i64>, build: impl Fn() -> B, pair_of_calls: impl Fn(&B)) -> Held {
    /// So many that what they share (a registry that doubles when it is full) is seen in proportion.
    const BREAKERS: usize = 1_000;
    // What the first breaker and call of a thread leave behind for all later ones is not a breaker's.
    pair_of_calls(&build());
    let weigh = |pairs: usize| {
        let mut kept = Vec::new();
        let counted = measure(|| {
            kept.reserve_exact(BREAKERS);
            kept.extend((0..BREAKERS).map(|_| build()));
            for breaker in &kept {
                (0..pairs).for_each(|_| pair_of_calls(breaker));
            }
        });
        counted.bytes_current / 1_000
    };
    // Fewer failures than the hundred calls after which a rate counts: none of them opens.
    Held { name, built: weigh(0), used: weigh(40), goal }
}
