//! Whatever a policy is, it goes through a file and comes back the same.

use fluxgate::{
    CONFIGURATION_SCHEMA, Cancelled, Configuration, HonourRetryAfter, MaxFailedProbes, MaxProbeTime, PolicyConfig,
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

/// A policy of which some is said. Its tripper may be one that can't work over its window: that is another test's.
fn config() -> impl Strategy<Value = PolicyConfig> {
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
        any::<Option<bool>>(),
    );
    (parts, settings).prop_filter_map("a tripper that can't work", |(parts, settings)| {
        let mut config = PolicyConfig::default();
        let [window, tracker, tripper, retry, permit] = parts;
        config.window = window.map(|text| text.parse().expect("a window"));
        config.tracker = tracker.map(|text| text.parse().expect("a tracker"));
        config.tripper = tripper.map(|text| text.parse().expect("a tripper"));
        config.retry = retry.map(|text| text.parse().expect("a retry"));
        config.permit = permit.map(|text| text.parse().expect("a permit"));
        let (max_half_open_calls, max_probe_time, max_failed_probes, cancelled, honour_retry_after, shadow) = settings;
        config.max_half_open_calls = max_half_open_calls;
        config.max_probe_time = max_probe_time;
        config.max_failed_probes = max_failed_probes;
        config.cancelled = cancelled;
        config.honour_retry_after = honour_retry_after;
        config.shadow = shadow;
        config.policy().is_ok().then_some(config)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, max_global_rejects: 100_000, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn an_editor_accepts_every_policy(config in config()) {
        static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
            let schema = serde_json::from_str(CONFIGURATION_SCHEMA).expect("the schema is JSON");
            jsonschema::draft7::new(&schema).expect("the schema is a schema")
        });
        let mut configuration = Configuration::default();
        configuration.default = config;
        let file = serde_json::to_value(&configuration).expect("it can be written");
        let complaint = VALIDATOR.validate(&file).map_err(|error| error.to_string());
        prop_assert_eq!(complaint, Ok(()), "{}", file);
    }

    #[test]
    fn every_policy_goes_through_toml_json_and_yaml_unchanged(config in config(), name in "[ -~]{1,12}") {
        let mut configuration = Configuration::default();
        configuration.breakers.insert(name, config);
        let toml = toml::to_string(&configuration).expect("it can be written");
        prop_assert_eq!(&toml::from_str::<Configuration>(&toml).expect(&toml), &configuration);
        let json = serde_json::to_string(&configuration).expect("it can be written");
        prop_assert_eq!(&serde_json::from_str::<Configuration>(&json).expect(&json), &configuration);
        let yaml = serde_saphyr::to_string(&configuration).expect("it can be written");
        prop_assert_eq!(&serde_saphyr::from_str::<Configuration>(&yaml).expect(&yaml), &configuration);
    }
}
