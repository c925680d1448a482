//! The real breaker beside a plain model of it, under random policies and whatever may happen to a breaker.
//!
//! A million steps are taken here. `FLUXGATE_MODEL_STEPS` says how many instead, `FLUXGATE_MODEL_SEED` which ones.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    env,
    str::FromStr,
};

use fluxgate_tests::model::{Cancelled, Permit, Policy, Retry, Step, Tripper, Window, run};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestRunner},
};

/// From none to twice as many, so that a failure shrinks to few.
const STEPS_OF_A_CASE: u32 = 500;
const MILLISECOND: u64 = 1_000_000;

fn window() -> impl Strategy<Value = Window> {
    prop_oneof![
        (1_u64..4).prop_map(Window::Count),
        (4_u64..40).prop_map(Window::Count),
        (1_u64..6).prop_map(|seconds| Window::Time { seconds }),
    ]
}

fn ratio() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.1), Just(0.25), Just(1.0 / 3.0), Just(0.5), Just(0.6), Just(1.0)]
}

fn quarters(most: u64) -> impl Strategy<Value = u64> {
    (1..=most).prop_map(|quarters| quarters * 250 * MILLISECOND)
}

fn tripper() -> impl Strategy<Value = Tripper> {
    let leaf = prop_oneof![
        Just(Tripper::Closed),
        Just(Tripper::HalfOpened),
        (1_u64..8).prop_map(Tripper::MinRequests),
        (1_u64..6).prop_map(Tripper::FailureStreak),
        ratio().prop_map(Tripper::FailureRate),
        quarters(8).prop_map(Tripper::AvgLatency),
        (ratio(), quarters(8)).prop_map(|(ratio, threshold)| Tripper::SlowRate(ratio, threshold)),
    ];
    let composed = leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Tripper::And),
            prop::collection::vec(inner, 2..4).prop_map(Tripper::Or),
        ]
    });
    // Most have a minimum, without which a breaker hardly ever stays closed, and all can hold while closed.
    (prop::option::weighted(0.7, 2_u64..12), composed, 1_u64..9).prop_map(|(minimum, composed, streak)| {
        let composed = match minimum {
            Some(minimum) => Tripper::And(vec![Tripper::MinRequests(minimum), composed]),
            None => composed,
        };
        Tripper::Or(vec![composed, Tripper::FailureStreak(streak)])
    })
}

fn retry() -> impl Strategy<Value = Retry> {
    let jitter_ratio = || prop_oneof![2 => Just(0.0), 1 => Just(0.5)];
    prop_oneof![
        1 => Just(Retry::Always),
        1 => Just(Retry::Never),
        4 => (quarters(12), jitter_ratio()).prop_map(|(wait, jitter_ratio)| Retry::Cooldown { wait, jitter_ratio }),
        4 => (quarters(8), prop_oneof![Just(2.0), Just(1.5), Just(1e300)], jitter_ratio()).prop_map(
            |(initial, multiplier, jitter_ratio)| {
                Retry::Backoff { initial, multiplier, max_duration: 5_000 * MILLISECOND, jitter_ratio }
            }
        ),
    ]
}

fn permit() -> impl Strategy<Value = Permit> {
    prop_oneof![
        4 => Just(Permit::All),
        2 => prop_oneof![Just(0.0), Just(0.5), Just(1.0)].prop_map(Permit::Random),
        4 => (prop_oneof![Just(0.0), Just(0.5), Just(1.0)], quarters(12))
            .prop_map(|(initial, duration)| Permit::RampUp { initial, last: 1.0, duration }),
    ]
}

fn cancelled() -> impl Strategy<Value = Cancelled> {
    prop_oneof![
        3 => Just(Cancelled::Default),
        1 => Just(Cancelled::Failure),
        1 => Just(Cancelled::Ignore),
        1 => quarters(8).prop_map(Cancelled::After),
    ]
}

/// The same tripper, asking for no more calls than the window can hold.
fn within(tripper: Tripper, most: u64) -> Tripper {
    let all = |parts: Vec<Tripper>| parts.into_iter().map(|part| within(part, most)).collect();
    match tripper {
        Tripper::MinRequests(count) => Tripper::MinRequests(count.min(most)),
        Tripper::And(parts) => Tripper::And(all(parts)),
        Tripper::Or(parts) => Tripper::Or(all(parts)),
        leaf => leaf,
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    let limit = prop_oneof![1 => Just(None), 4 => quarters(16).prop_map(Some)];
    let user_code = prop::bool::weighted(0.2);
    let failed_probes = prop_oneof![1 => Just(None), 4 => (1_u32..6).prop_map(Some), 1 => Just(Some(10))];
    let limits = (1_u32..5, limit, failed_probes);
    (window(), tripper(), retry(), permit(), limits, cancelled(), user_code).prop_map(
        |(window, tripper, retry, permit, limits, cancelled, asks_user_code)| {
            let most = if let Window::Count(size) = window { size } else { u64::MAX };
            let (tripper, (max_half_open_calls, max_probe_time, max_failed_probes)) = (within(tripper, most), limits);
            Policy {
                window,
                tripper,
                retry,
                permit,
                max_half_open_calls,
                max_probe_time,
                max_failed_probes,
                cancelled,
                asks_user_code,
            }
        },
    )
}

fn from_environment<T: FromStr>(name: &str, otherwise: T) -> T {
    let Ok(text) = env::var(name) else { return otherwise };
    text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}"))
}

#[test]
fn the_breaker_does_what_the_model_does() {
    let steps = from_environment("FLUXGATE_MODEL_STEPS", 1_000_000);
    let config = Config {
        cases: steps / STEPS_OF_A_CASE * 21 / 20 + 1,
        rng_seed: RngSeed::Fixed(from_environment("FLUXGATE_MODEL_SEED", 1)),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let numbers = prop::collection::vec(any::<u64>(), 0..2 * STEPS_OF_A_CASE as usize);
    let taken = Cell::new(0);
    let made = RefCell::new(HashMap::new());
    let difference = TestRunner::new(config).run(&(policy(), numbers), |(policy, numbers)| {
        taken.set(taken.get() + numbers.len());
        let transitions = run(&policy, numbers.into_iter().map(Step::decode)).map_err(TestCaseError::fail)?;
        for transition in transitions {
            *made.borrow_mut().entry(transition).or_insert(0) += 1;
        }
        Ok(())
    });
    if let Err(proptest::test_runner::TestError::Fail(reason, _)) = difference {
        panic!("{reason}");
    }
    difference.expect("no case is given up");
    assert!(taken.get() >= steps as usize, "only {} steps", taken.get());
    // Four commands from five other states each, and the arrows that need none; to closed there are both.
    let made = made.into_inner();
    assert!(made.len() == 4 * 5 + 3 && made.values().all(|times| *times > 5), "{made:?}");
}
