//! What must stay true of every trace under every policy.

use fluxgate::{Signal, State};
use fluxgate_tests::{
    conformance::{Action, Case, Command, Ending, Event, Happened, Policy, run, run_observed},
    fixture::Recorder,
};
use proptest::prelude::*;

fn window() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_u32..40).prop_map(|size| format!("CountWindow({size})")),
        (1_u32..6).prop_map(|s| format!("TimeWindow({s}s)"))
    ]
}

fn tripper() -> impl Strategy<Value = String> {
    let ratio = prop_oneof![Just(0.1), Just(0.25), Just(0.5), Just(1.0)];
    let leaf = prop_oneof![
        Just("Closed()".to_owned()),
        Just("HalfOpened()".to_owned()),
        Just("MinRequests(1)".to_owned()),
        (1_u32..6).prop_map(|count| format!("FailureStreak({count})")),
        ratio.clone().prop_map(|ratio| format!("FailureRate({ratio})")),
        (1_u32..8).prop_map(|quarters| format!("AvgLatency({}ms)", quarters * 250)),
        (ratio, 1_u32..8).prop_map(|(ratio, quarters)| format!("SlowRate({ratio}, {}ms)", quarters * 250)),
    ];
    let composed = leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" & "))),
            prop::collection::vec(inner, 2..4).prop_map(|parts| format!("({})", parts.join(" | "))),
        ]
    });
    // So that it can hold while closed, whatever the rest is.
    (composed, 1_u32..9).prop_map(|(composed, streak)| format!("{composed} | FailureStreak({streak})"))
}

fn retry() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Always()".to_owned()),
        Just("Never()".to_owned()),
        (1_u32..12).prop_map(|quarters| format!("Cooldown({}ms, jitter_ratio = 0.5)", quarters * 250)),
        (1_u32..8).prop_map(|quarters| format!("Backoff({}ms, max_duration = 5s)", quarters * 250)),
    ]
}

fn permit() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("All()".to_owned()),
        Just("Random(0.5)".to_owned()),
        Just("Random(0)".to_owned()),
        Just("RampUp(0, 1, 3s)".to_owned()),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    let limits = (prop::option::of(1_u32..5), prop::option::of(1_u32..5));
    (window(), tripper(), retry(), permit(), limits).prop_map(
        |(window, tripper, retry, permit, (max_half_open_calls, max_failed_probes))| Policy {
            window,
            tripper,
            retry,
            permit,
            max_half_open_calls,
            max_failed_probes,
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
    let ending = prop_oneof![
        4 => Just(Ending::Ok),
        4 => Just(Ending::Fail),
        1 => Just(Ending::Ignored),
        1 => Just(Ending::Cancelled),
    ];
    // A few calls hang for longer than a probe may.
    let duration = prop_oneof![10 => (0_u32..12).prop_map(|quarters| f64::from(quarters) / 4.0), 1 => Just(70.0)];
    let command = prop_oneof![
        6 => Just(Command::Reset),
        1 => Just(Command::Disable),
        2 => Just(Command::MetricsOnly),
        1 => Just(Command::ForceOpen),
    ];
    prop_oneof![
        30 => (ending, duration).prop_map(|(call, duration)| Action::Call { call, duration }),
        1 => command.prop_map(|command| Action::Command { command }),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let pause = prop_oneof![8 => (0_u32..8).prop_map(|eighths| f64::from(eighths) / 8.0), 1 => Just(30.0)];
    (policy(), prop::collection::vec((pause, action()), 1..200)).prop_map(|(policy, steps)| {
        let mut at = 0.0;
        let event = |(pause, action)| {
            at += pause;
            Event { at, action, decision: None, state: String::new(), total: None, failures: None }
        };
        Case { name: "random".to_owned(), policy, events: steps.into_iter().map(event).collect() }
    })
}

/// The arrows of the state diagram that need no command, with the reason that each has.
fn leads_by_itself(signal: &Signal) -> bool {
    use fluxgate::Reason::{ProbesFailed, ProbesIgnored, Recovered, RetryDue, Tripped};
    matches!(
        (signal.old_state(), signal.new_state(), signal.reason()),
        (State::Closed | State::HalfOpen, State::Open, Tripped(_))
            | (State::Open, State::HalfOpen, RetryDue)
            | (State::HalfOpen, State::Open, ProbesFailed { .. })
            | (State::HalfOpen, State::Closed, Recovered | ProbesIgnored { .. })
    )
}

fn is_command(signal: &Signal) -> bool {
    matches!(signal.reason(), fluxgate::Reason::Command { .. })
        && !matches!(signal.new_state(), State::Open | State::HalfOpen)
        && signal.old_state() != signal.new_state()
}

fn rejections(happened: &[Happened]) -> u64 {
    happened.iter().filter(|event| event.decision.as_deref() == Some("rejected")).count() as u64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn figures_and_slots_stay_within_their_bounds(case in case()) {
        let limit = usize::try_from(case.policy.max_half_open_calls.unwrap_or(10)).unwrap();
        let capacity = case.policy.window.strip_prefix("CountWindow(").and_then(|rest| rest.strip_suffix(')'));
        let capacity = capacity.map_or(u64::MAX, |size| size.parse().unwrap());
        let mut last = None;
        let happened = run_observed(&case, |builder| builder, |breaker| {
            let info = breaker.info();
            assert!(info.failures <= info.calls && info.calls <= capacity, "{info:?}");
            assert!(info.failure_rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)), "{info:?}");
            assert_eq!(info.failure_rate.is_none(), info.calls == 0);
            assert!(info.probes_in_flight <= limit, "{info:?}");
            assert!(info.probes_in_flight == 0 || info.state == State::HalfOpen, "{info:?}");
            assert!(!matches!(info.state, State::Open | State::ForcedOpen | State::Disabled) || info.calls == 0);
            last = Some(info);
        });
        let last = last.expect("at least one event");
        prop_assert_eq!(last.rejected, rejections(&happened));
        // Whatever was in flight has ended, one way or another.
        prop_assert_eq!(last.probes_in_flight, 0);
    }

    #[test]
    fn signals_walk_the_state_diagram_and_count_its_reopenings(case in case()) {
        let recorder = Recorder::default();
        run_observed(&case, |builder| builder.listener(recorder.clone()), |_| ());
        let (mut state, mut reopens) = (State::Closed, 0);
        for signal in recorder.signals() {
            prop_assert_eq!(signal.old_state(), state);
            prop_assert!(leads_by_itself(&signal) || is_command(&signal), "{:?}", signal);
            state = signal.new_state();
            match (signal.old_state(), state) {
                (_, State::Closed) => reopens = 0,
                (State::HalfOpen, State::Open) => reopens += 1,
                _ => {}
            }
            prop_assert_eq!(signal.reopens(), reopens);
        }
    }

    #[test]
    fn a_rejection_leaves_a_breaker_that_has_reason_to_reject(case in case()) {
        for (event, happened) in case.events.iter().zip(run(&case)) {
            if happened.decision.as_deref() == Some("rejected") {
                prop_assert!(matches!(happened.state.as_str(), "open" | "half_open" | "forced_open"), "{:?}", event);
            }
        }
    }

    #[test]
    fn the_same_trace_and_seed_give_the_same_decisions(case in case()) {
        prop_assert_eq!(run(&case), run(&case));
    }

    #[test]
    fn calls_that_are_spared_the_lock_end_as_those_that_take_it(case in case()) {
        let observed = |spares_the_lock| {
            let (recorder, mut infos) = (Recorder::default(), Vec::new());
            let settings = |builder: fluxgate::Builder| {
                let builder = builder.listener(recorder.clone());
                if spares_the_lock { builder } else { fluxgate::__private::always_locked(builder) }
            };
            let happened = run_observed(&case, settings, |breaker| {
                let mut info = breaker.info();
                info.label = info.name.clone();
                infos.push(info);
            });
            // All but the label, which tells the two breakers apart.
            let told = |signal: &Signal| {
                let figures = format!("{:?}", signal.metrics());
                (signal.old_state(), signal.new_state(), signal.at(), signal.reason().clone(), figures)
            };
            let signals: Vec<_> = recorder.signals().iter().map(told).collect();
            (happened, infos, signals)
        };
        prop_assert_eq!(observed(true), observed(false));
    }

    #[test]
    fn a_breaker_in_shadow_mode_rejects_nothing(case in case()) {
        let happened = run_observed(&case, |builder| builder.shadow(true), |breaker| {
            assert_eq!(breaker.info().rejected, 0);
        });
        prop_assert_eq!(rejections(&happened), 0);
    }
}
