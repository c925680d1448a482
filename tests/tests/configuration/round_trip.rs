//! Whatever a policy is, it goes through a file and comes back the same.

use fluxgate::{
    CONFIGURATION_SCHEMA, Cancelled, Configuration, HonourRetryAfter, MaxFailedProbes, MaxProbeTime, Permit, Policy,
    PolicyEntry, Retry, State, Tracker, Tripper, Window,
};
use fluxgate_policy::{Argument, Component, Expr, Kind, Quantity, component, components};
use jsonschema::Validator;
use proptest::{collection::vec, prelude::*, test_runner::RngSeed};
use std::{sync::LazyLock, time::Duration};

/// A component of this kind that a file can name, with values from all over its ranges.
fn leaf(kind: Kind) -> impl Strategy<Value = Component> {
    let rows: Vec<_> =
        components().iter().filter(|spec| spec.kind == kind && spec.rust_parameter().is_none()).collect();
    (0..rows.len(), vec((any::<u64>(), 0_u32..64, any::<f64>(), 0.0..=1.0, any::<bool>()), 4)).prop_filter_map(
        "of two values the first may be above the second, and most numbers are out of range",
        move |(row, drawn)| {
            let spec = rows[row];
            let values = spec.parameters.iter().zip(&drawn).filter(|(it, (.., given))| it.default.is_none() || *given);
            let arguments: Vec<_> = values
                .map(|(parameter, (bits, shift, number, ratio, _))| {
                    let argument = match parameter.quantity {
                        Quantity::Count { min, max } => Argument::Count((bits >> shift).clamp(min, max)),
                        Quantity::Duration { min, max, step } => {
                            let nanos = (bits >> shift).clamp(min, max);
                            Argument::Duration(nanos - nanos % step)
                        }
                        _ if shift % 4 == 0 => Argument::Number(*number),
                        _ => Argument::Number(*ratio),
                    };
                    (parameter.name, argument)
                })
                .collect();
            component(kind, spec.name, &arguments).ok()
        },
    )
}

/// A part of a policy as text.
fn part(kind: Kind) -> BoxedStrategy<String> {
    let single = leaf(kind).prop_map(Expr::Leaf);
    if !kind.composes() {
        return single.prop_map(|expr| expr.to_string()).boxed();
    }
    let composed = single.prop_recursive(4, 16, 3, move |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| Expr::and(one, other)),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| Expr::or(one, other)),
            inner.prop_map(move |one| if kind.negates() { Expr::not(one) } else { one }),
        ]
    });
    composed.prop_map(|expr| expr.to_string()).boxed()
}

/// Sets a setting, if there is a value.
fn with<T>(policy: Policy, value: Option<T>, set: impl FnOnce(Policy, T) -> Policy) -> Policy {
    match value {
        Some(value) => set(policy, value),
        None => policy,
    }
}

/// An entry with some of the settings. Its tripper may not fit its window, which is for another test.
fn entry() -> impl Strategy<Value = PolicyEntry> {
    let parts = Kind::ALL.map(|kind| proptest::option::of(part(kind)));
    let time = || (1_u64.., 0_u32..63).prop_map(|(nanos, shift)| Duration::from_nanos((nanos >> shift).max(1)));
    let max_probe_time = prop_oneof![Just(MaxProbeTime::Off), time().prop_map(Into::into)];
    let honour_retry_after = prop_oneof![Just(HonourRetryAfter::Off), time().prop_map(Into::into)];
    let cancelled = prop_oneof![Just(Cancelled::Failure), Just(Cancelled::Ignore), time().prop_map(Into::into)];
    let settings = (
        proptest::option::of(1_u32..),
        proptest::option::of(max_probe_time),
        proptest::option::of(prop_oneof![Just(MaxFailedProbes::Off), (1_u32..).prop_map(MaxFailedProbes::AtMost)]),
        proptest::option::of(cancelled),
        proptest::option::of(honour_retry_after),
    );
    let state = prop_oneof![Just(State::Disabled), Just(State::ForcedOpen), Just(State::MetricsOnly)];
    let others = (any::<Option<bool>>(), proptest::option::of(state));
    (parts, settings, others).prop_filter_map("a tripper that can't work", |(parts, settings, others)| {
        let [window, tracker, tripper, retry, permit] = parts;
        let policy =
            with(Policy::new(), window, |policy, text| policy.window(text.parse::<Window>().expect("a window")));
        let policy = with(policy, tracker, |policy, text| policy.tracker(text.parse::<Tracker>().expect("a tracker")));
        let policy = with(policy, tripper, |policy, text| policy.tripper(text.parse::<Tripper>().expect("a tripper")));
        let policy = with(policy, retry, |policy, text| policy.retry(text.parse::<Retry>().expect("a retry")));
        let policy = with(policy, permit, |policy, text| policy.permit(text.parse::<Permit>().expect("a permit")));
        let (max_half_open_calls, max_probe_time, max_failed_probes, cancelled, honour_retry_after) = settings;
        let policy = with(policy, max_half_open_calls, Policy::max_half_open_calls);
        let policy = with(policy, max_probe_time, Policy::max_probe_time);
        let policy = with(policy, max_failed_probes, Policy::max_failed_probes);
        let policy = with(policy, cancelled, Policy::cancelled);
        let policy = with(policy, honour_retry_after, Policy::honour_retry_after);
        policy.check().ok()?;
        let mut entry = PolicyEntry::default();
        entry.policy = policy;
        (entry.shadow, entry.state) = others;
        Some(entry)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, max_global_rejects: 100_000, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn an_editor_accepts_every_policy(entry in entry()) {
        static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
            let schema = serde_json::from_str(CONFIGURATION_SCHEMA).expect("the schema is JSON");
            jsonschema::draft7::new(&schema).expect("the schema is a schema")
        });
        let mut configuration = Configuration::default();
        configuration.default = entry;
        let file = serde_json::to_value(&configuration).expect("it can be written");
        let complaint = VALIDATOR.validate(&file).map_err(|error| error.to_string());
        prop_assert_eq!(complaint, Ok(()), "{}", file);
    }

    #[test]
    fn every_policy_goes_through_toml_json_and_yaml_unchanged(entry in entry(), name in "[ -~]{1,12}") {
        let mut configuration = Configuration::default();
        configuration.breakers.insert(name, entry);
        let toml = toml::to_string(&configuration).expect("it can be written");
        prop_assert_eq!(&toml::from_str::<Configuration>(&toml).expect(&toml), &configuration);
        let json = serde_json::to_string(&configuration).expect("it can be written");
        prop_assert_eq!(&serde_json::from_str::<Configuration>(&json).expect(&json), &configuration);
        let yaml = serde_saphyr::to_string(&configuration).expect("it can be written");
        prop_assert_eq!(&serde_saphyr::from_str::<Configuration>(&yaml).expect(&yaml), &configuration);
    }
}
