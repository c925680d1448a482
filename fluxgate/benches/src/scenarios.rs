//! The scenarios that are measured, and their goals.

use clap::ValueEnum;
// With the colons, as the file about Fluxgate has its name too.
use ::fluxgate::{
    Window,
    windows::{CountWindow, TimeWindow},
};

use crate::{
    goal::Goal,
    subjects::{
        Subject, bare, breaker, circuitbreaker_rs, failsafe, fluxgate, nobreak, recloser, reference, tower_resilience,
    },
    traffic::{Tally, Traffic},
};

/// The choices of `--only`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topic {
    /// Healthy, with a window of 100 calls.
    CountWindow,
    /// One call of ten fails, with the same window.
    TenPercent,
    /// Healthy, with a window of a minute.
    TimeWindow,
    /// Healthy, with a clause that needs durations.
    SlowRate,
    /// Open: every call is rejected.
    Open,
    /// Healthy, guarding a future.
    Async,
    /// The attribute against a call by hand.
    Attribute,
    /// A breaker for each key against a single one.
    Keyed,
    /// Small windows against large ones.
    Sizes,
    /// The cost of atomics, locks and clocks on this machine.
    Machine,
    /// The bytes that a breaker holds.
    Memory,
}

pub(crate) struct Scenario {
    pub(crate) topic: Topic,
    pub(crate) name: &'static str,
    pub(crate) traffic: Traffic,
    /// True if the breakers have been opened.
    pub(crate) opened: bool,
    /// So many calls before the first is measured: they fill every window.
    pub(crate) warm_up: u64,
    /// The first is what is subtracted from the others.
    pub(crate) subjects: Vec<Subject>,
}

impl Scenario {
    fn new(topic: Topic, name: &'static str, traffic: Traffic, subjects: Vec<Subject>) -> Self {
        Self { topic, name, traffic, opened: false, warm_up: 10_000, subjects }
    }

    /// Stops the program if calls went otherwise than the scenario says: then their times mean nothing.
    pub(crate) fn verify(&self, subject: &Subject, tally: Tally) {
        let as_said = match self.traffic {
            _ if self.opened => tally.rejected == tally.calls(),
            Traffic::Healthy => tally.answered == tally.calls(),
            Traffic::TenPercent => tally.rejected == 0 && tally.failed * 10 == tally.calls(),
            Traffic::Failing => tally.answered == 0,
        };
        let (scenario, subject) = (self.name, &subject.name);
        assert!(as_said, "{scenario}: the calls through {subject} did not go as the scenario says: {tally:?}");
    }
}

const ANY: Option<f64> = None;

pub(crate) fn all() -> Vec<Scenario> {
    let mut scenarios = vec![
        Scenario::new(
            Topic::CountWindow,
            "healthy, `CountWindow(100)`",
            Traffic::Healthy,
            vec![
                bare::call(),
                fluxgate::count_window(100).goal(Goal::AtMost([3.0, 4.0])),
                recloser::sync().goal(Goal::Times([Some(4.0), Some(30.0)])),
                failsafe::consecutive_failures().goal(Goal::Times([ANY, Some(7.0)])),
                nobreak::sync(),
                breaker::sync(),
                circuitbreaker_rs::sync(),
                tower_resilience::count_window(),
            ],
        ),
        Scenario::new(
            Topic::TenPercent,
            "10 % failures, `CountWindow(100)`",
            Traffic::TenPercent,
            vec![
                bare::call(),
                fluxgate::count_window(100).goal(Goal::AtMost([8.0, 35.0])),
                recloser::sync(),
                failsafe::consecutive_failures().goal(Goal::Times([Some(3.0), Some(5.0)])),
                nobreak::sync(),
                breaker::sync(),
                circuitbreaker_rs::sync(),
                tower_resilience::count_window(),
            ],
        ),
        Scenario::new(
            Topic::TimeWindow,
            "healthy, `TimeWindow(60s)`",
            Traffic::Healthy,
            vec![
                bare::call(),
                fluxgate::time_window(60).goal(Goal::AtMost([10.0, 15.0])),
                failsafe::success_rate().goal(Goal::Times([Some(8.0), Some(25.0)])),
                reference::coarse_clock(),
            ],
        ),
        Scenario::new(
            Topic::SlowRate,
            "healthy, a `SlowRate` clause",
            Traffic::Healthy,
            vec![
                bare::call(),
                fluxgate::slow_rate().goal(Goal::Above { row: reference::TWO_INSTANTS, by: 10.0 }),
                circuitbreaker_rs::sync(),
                tower_resilience::slow_rate(),
                reference::two_instants(),
                reference::coarse_clock(),
            ],
        ),
        open(),
        Scenario::new(
            Topic::Async,
            "async, healthy, `CountWindow(100)`",
            Traffic::Healthy,
            vec![
                bare::future(),
                fluxgate::asynchronous().goal(Goal::AtMostWithoutAllocating([4.0, 7.0])),
                nobreak::asynchronous().goal(Goal::Times([Some(7.0), Some(50.0)])),
                recloser::asynchronous(),
                failsafe::asynchronous(),
                breaker::asynchronous(),
                circuitbreaker_rs::asynchronous(),
                tower_resilience::count_window(),
            ],
        ),
        Scenario::new(
            Topic::Attribute,
            "the attribute, `CountWindow(100)`",
            Traffic::Healthy,
            vec![
                bare::call(),
                fluxgate::by_hand(),
                fluxgate::attribute().goal(Goal::Above { row: fluxgate::BY_HAND, by: 1.0 }),
            ],
        ),
        Scenario::new(
            Topic::Attribute,
            "the attribute, async",
            Traffic::Healthy,
            vec![
                bare::future(),
                fluxgate::async_by_hand(),
                fluxgate::async_attribute().goal(Goal::Above { row: fluxgate::ASYNC_BY_HAND, by: 1.0 }),
            ],
        ),
        Scenario::new(
            Topic::Keyed,
            "a breaker for each key",
            Traffic::Healthy,
            vec![
                bare::call(),
                fluxgate::single(),
                fluxgate::keyed(1).goal(Goal::AboveWithoutAllocating { row: fluxgate::SINGLE, by: [40.0, 60.0] }),
                fluxgate::keyed(10_000).goal(Goal::AboveWithoutAllocating { row: fluxgate::SINGLE, by: [40.0, 60.0] }),
            ],
        ),
    ];
    scenarios.extend(sizes());
    let parts = [bare::call()].into_iter().chain(reference::parts()).collect();
    scenarios.push(Scenario::new(Topic::Machine, "primitives of this machine", Traffic::Healthy, parts));
    scenarios
}

fn open() -> Scenario {
    let subjects = vec![
        bare::no_call(),
        fluxgate::count_window(100).goal(Goal::AtMost([10.0, 12.0])),
        recloser::sync().goal(Goal::Times([Some(3.0), Some(4.0)])),
        failsafe::consecutive_failures(),
        nobreak::sync(),
        breaker::sync(),
        circuitbreaker_rs::sync(),
        tower_resilience::count_window().one_thread_only(),
    ];
    Scenario { opened: true, ..Scenario::new(Topic::Open, "open, rejecting", Traffic::Healthy, subjects) }
}

/// The large windows are to cost what the small ones do, in good times and in bad.
fn sizes() -> Vec<Scenario> {
    const MILLION: u64 = 1_000_000;
    let count = [100, 10, 10_000, MILLION].map(|size| CountWindow(size).into());
    let time = [60, 3_600].map(|seconds| TimeWindow(seconds).into());
    let scenario = |name, traffic, windows: &[Window], like: &'static str| {
        let subjects = windows.iter().map(|window| {
            let subject = fluxgate::of_window(window);
            // The first is the one that the others are compared with.
            if subject.name == like { subject } else { subject.goal(Goal::SameAs(like)) }
        });
        let subjects = [bare::call()].into_iter().chain(subjects).collect();
        Scenario { warm_up: MILLION + MILLION / 10, ..Scenario::new(Topic::Sizes, name, traffic, subjects) }
    };
    let (few, minute) = ("CountWindow(100)", "TimeWindow(60s)");
    vec![
        scenario("healthy, by size", Traffic::Healthy, &count, few),
        scenario("10 % failures, by size", Traffic::TenPercent, &count, few),
        scenario("healthy, by length", Traffic::Healthy, &time, minute),
        scenario("10 % failures, by length", Traffic::TenPercent, &time, minute),
    ]
}
