//! Policies in files: reading and writing.

use config::{Config, Environment};
use fluxgate::{
    CONFIGURATION_SCHEMA, Cancelled, CircuitBreaker, Configuration, HonourRetryAfter, MaxProbeTime, Policy,
    PolicyEntry, State, retries::Cooldown, trackers::Custom, trippers::FailureStreak, windows::CountWindow,
};
use fluxgate_tests::policy_file::turn;
use serde_json::json;

use super::mistakes::message;

/// Every key, each with a value of another form.
const ALL_KEYS: &str = r#"
[breakers.payment_api]
window = "TimeWindow(60s)"
tracker = "All()"
tripper = "FailureStreak(5) | MinRequests(20) & (Closed() & FailureRate(0.6) | HalfOpened() & FailureRate(0.5))"
retry = "Backoff(10s, jitter_ratio = 0.1)"
permit = "RampUp(0.1, 0.5, 60s)"
max_half_open_calls = 3
max_probe_time = "off"
cancelled = 0.25
honour_retry_after = "10m"
shadow = true
state = "metrics_only"
"#;

pub(super) fn toml(text: &str) -> Result<Configuration, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

pub(super) fn json(text: &str) -> Result<Configuration, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

pub(super) fn yaml(text: &str) -> Result<Configuration, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

/// As a program reads its environment: names in large letters, `__` between them, every value text.
pub(super) fn environment(variables: &[(&str, &str)]) -> Result<Configuration, String> {
    let source = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let environment = Environment::with_prefix("APP").prefix_separator("__").separator("__").source(Some(source));
    let read = Config::builder().add_source(environment).build();
    read.and_then(Config::try_deserialize).map_err(|error| error.to_string())
}

#[test]
fn every_key_is_read_from_toml() {
    let configuration = toml(ALL_KEYS).unwrap();
    let entry = &configuration.breakers["payment_api"];
    let policy = &entry.policy;
    assert_eq!(policy.get_window(), Some("TimeWindow(1m)".parse().unwrap()));
    assert_eq!(policy.get_tracker(), Some(fluxgate::trackers::All()));
    assert!(policy.get_tripper().unwrap().to_string().starts_with("FailureStreak(5) | MinRequests(20)"));
    assert_eq!(policy.get_retry(), Some("Backoff(10, jitter_ratio = 0.1)".parse().unwrap()));
    assert_eq!(policy.get_permit(), Some("RampUp(0.1, 0.5, 60)".parse().unwrap()));
    assert_eq!(policy.get_max_half_open_calls(), Some(3));
    assert_eq!(policy.get_max_probe_time(), Some(MaxProbeTime::Off));
    assert_eq!(policy.get_cancelled(), Some(0.25.into()));
    assert_eq!(policy.get_honour_retry_after(), Some(HonourRetryAfter::AtMost(600.into())));
    assert_eq!((entry.shadow, entry.state), (Some(true), Some(State::MetricsOnly)));
    assert!(policy.check().is_ok());
}

#[test]
fn toml_json_yaml_and_the_environment_say_the_same() {
    let expected = toml(ALL_KEYS).unwrap();
    let as_json = serde_json::to_string(&expected).unwrap();
    assert_eq!(json(&as_json), Ok(expected.clone()));
    let as_yaml = serde_saphyr::to_string(&expected).unwrap();
    assert_eq!(yaml(&as_yaml), Ok(expected.clone()), "{as_yaml}");
    let entry = serde_json::to_value(&expected.breakers["payment_api"]).unwrap();
    let variables: Vec<_> = entry
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (format!("APP__BREAKERS__PAYMENT_API__{}", key.to_uppercase()), value)
        })
        .collect();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(variables.len(), 11);
    assert_eq!(environment(&variables), Ok(expected));
}

#[test]
fn yaml_as_people_write_it() {
    let configuration = yaml(
        "# yaml-language-server: $schema=breakers.schema.json
default:
  window: TimeWindow(60s)
breakers:
  payment_api:
    tripper: >
      FailureStreak(5)
      | MinRequests(20) & FailureRate(0.6)
    max_probe_time: off
    honour_retry_after: off
    cancelled: 250ms
  inventory:
  search: {shadow: true}
",
    )
    .unwrap();
    assert_eq!(configuration.breakers.len(), 3);
    let payment_api = &configuration.breakers["payment_api"];
    assert_eq!(
        payment_api.policy.get_tripper().unwrap().to_string(),
        "FailureStreak(5) | MinRequests(20) & FailureRate(0.6)"
    );
    assert_eq!(payment_api.policy.get_max_probe_time(), Some(MaxProbeTime::Off));
    assert_eq!(payment_api.policy.get_honour_retry_after(), Some(HonourRetryAfter::Off));
    assert_eq!(configuration.breakers["inventory"], PolicyEntry::default());
}

#[test]
fn an_empty_file_and_nulls_say_nothing() {
    assert_eq!(toml(""), Ok(Configuration::default()));
    assert_eq!(json("{}"), Ok(Configuration::default()));
    assert_eq!(yaml(""), Ok(Configuration::default()));
    assert_eq!(environment(&[]), Ok(Configuration::default()));
    let nothing = json(r#"{ "default": null, "breakers": { "a": { "tripper": null, "shadow": null } } }"#).unwrap();
    assert_eq!(nothing.of("a"), PolicyEntry::default());
}

#[test]
fn a_default_applies_to_all_breakers_and_their_own_settings_take_precedence() {
    let configuration = toml(
        "default = { window = 'CountWindow(20)', retry = 'Cooldown(5s)' }
        [breakers.a]
        retry = 'Cooldown(6s)'
        [breakers.b]",
    )
    .unwrap();
    let expected = Policy::new().window(CountWindow(20));
    for (name, wait) in [("a", 6), ("b", 5), ("c", 5)] {
        assert_eq!(configuration.of(name).policy, expected.clone().retry(Cooldown(wait)), "{name}");
    }
}

#[test]
fn a_configuration_is_a_table_of_the_application_s_own_file() {
    #[derive(serde::Deserialize)]
    struct Settings {
        port: u16,
        #[serde(default)]
        circuit_breakers: Configuration,
    }
    let settings: Settings =
        toml::from_str("port = 80\n[circuit_breakers.breakers.a]\ntripper = 'FailureStreak(5)'").unwrap();
    assert_eq!(settings.port, 80);
    assert_eq!(settings.circuit_breakers.breakers["a"].policy, Policy::new().tripper(FailureStreak(5)));
}

#[test]
fn parts_and_settings_are_read_by_themselves_too() {
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Mine {
        retry: fluxgate::Retry,
        patience: Cancelled,
    }
    let mine: Mine = toml::from_str("retry = 'Cooldown(5s)'\npatience = 'ignore'").unwrap();
    assert_eq!((mine.retry, mine.patience), (Cooldown(5).into(), Cancelled::Ignore));
    let error = toml::from_str::<Mine>("retry = 'Cooldown(0)'\npatience = 1").unwrap_err();
    assert_eq!(
        error.message(),
        "retry: Cooldown: duration = 0 is out of range; write a duration above 0, such as 60s\n  Cooldown(0)\n           ^"
    );
}

#[test]
fn a_policy_in_a_file_is_one_to_build_with() {
    let _turn = turn();
    let policy: Policy = toml::from_str("tripper = 'FailureStreak(1)'\nretry = 'Never()'").unwrap();
    let breaker = CircuitBreaker::builder("from a file").policy(policy).build().unwrap();
    let _ = breaker.call(|| Err::<(), _>("down"));
    assert_eq!(breaker.info().state, fluxgate::State::Open);
    let error = toml::from_str::<Policy>("state = 'disabled'").unwrap_err();
    assert!(error.message().starts_with("unknown key `state`; the keys are `window`, "), "{error}");
}

#[test]
fn a_component_of_one_s_own_can_not_be_written() {
    let policy = Policy::new().tracker(Custom(|_: &std::io::Error| true));
    let error = serde_json::to_value(&policy).unwrap_err().to_string();
    assert!(error.starts_with("tracker: `Custom("), "{error}");
    assert!(serde_json::to_value(Policy::new().retry(Cooldown(0))).is_err());
}

#[test]
fn only_what_is_said_is_written() {
    let configuration = toml("[breakers.a]\ncancelled = 'failure'\nmax_probe_time = 1.5").unwrap();
    let expected =
        json!({ "default": {}, "breakers": { "a": { "max_probe_time": "1500ms", "cancelled": "failure" } } });
    assert_eq!(serde_json::to_value(&configuration).unwrap(), expected);
}

#[test]
fn the_schema_ships_with_the_library() {
    let schema: serde_json::Value = serde_json::from_str(CONFIGURATION_SCHEMA).unwrap();
    assert!(schema["definitions"]["policy"]["properties"]["tripper"]["pattern"].is_string());
}

#[test]
fn a_configuration_that_is_flattened_into_other_settings_takes_no_key_but_its_own() {
    #[derive(serde::Deserialize)]
    struct Settings {
        port: u16,
        #[serde(flatten)]
        breakers: Configuration,
        #[serde(flatten)]
        rest: std::collections::BTreeMap<String, serde_json::Value>,
    }
    #[derive(serde::Deserialize)]
    struct Service {
        url: String,
        #[serde(flatten)]
        policy: Policy,
    }
    let file = "host = 'localhost'\nport = 80\n[breakers.a]\ntripper = 'FailureStreak(5)'\n";
    let settings: Settings = toml::from_str(file).unwrap();
    assert_eq!(settings.port, 80);
    assert_eq!(settings.breakers.breakers["a"].policy.get_tripper().unwrap().to_string(), "FailureStreak(5)");
    assert_eq!(settings.rest["host"], "localhost");

    let service: Service = toml::from_str("url = 'http://localhost'\nretry = 'Never()'").unwrap();
    assert_eq!(
        (service.url.as_str(), service.policy.get_retry().unwrap().to_string()),
        ("http://localhost", "Never()".to_owned())
    );
}

#[test]
fn a_number_that_is_read_with_arbitrary_precision_is_a_number() {
    // What serde_json hands over where some crate of the program has switched that on.
    let number = |text: &str| json!({ "$serde_json::private::Number": text });
    let file = json!({ "breakers": { "a": { "max_probe_time": number("2.5"), "max_half_open_calls": number("3") } } });
    let configuration: Configuration = serde_json::from_value(file).unwrap();
    let a = &configuration.breakers["a"].policy;
    assert_eq!((a.get_max_probe_time(), a.get_max_half_open_calls()), (Some(MaxProbeTime::from(2.5)), Some(3)));
    let file = json!({ "breakers": { "a": { "max_probe_time": { "seconds": 2 } } } });
    let error = serde_json::from_value::<Configuration>(file).unwrap_err().to_string();
    assert!(error.starts_with("invalid type: map, expected seconds"), "{error}");
}

#[test]
fn the_limit_of_failed_probes_is_a_number_or_off() {
    let configuration = toml("[default]\nmax_failed_probes = 3\n[breakers.a]\nmax_failed_probes = 'off'").unwrap();
    let entries = [&configuration.default, &configuration.breakers["a"]];
    let limits = entries.map(|entry| entry.policy.get_max_failed_probes());
    assert_eq!(limits, [Some(fluxgate::MaxFailedProbes::AtMost(3)), Some(fluxgate::MaxFailedProbes::Off)]);
    for (file, expected) in [
        (
            "[default]\nmax_failed_probes = 0",
            "default, max_failed_probes: 0 is out of range; write a whole number from 1 to 4294967295, such as 10, or \"off\"",
        ),
        (
            "[default]\nmax_failed_probes = true",
            "invalid type: boolean `true`, expected a number of probes, such as 10, or \"off\", for `max_failed_probes` of the default",
        ),
    ] {
        assert_eq!(message(file), expected);
    }
}

#[test]
fn an_overlay_is_laid_over_a_base_setting_by_setting() {
    let base = toml(
        "default = { window = 'CountWindow(20)', shadow = true }
        [breakers.a]
        tripper = 'FailureStreak(5)'
        retry = 'Cooldown(60s)'
        state = 'disabled'
        [breakers.b]
        retry = 'Never()'",
    );
    let overlay = toml(
        "default = { shadow = false }
        [breakers.a]
        retry = 'Cooldown(5s)'
        state = 'forced_open'
        [breakers.c]
        shadow = true",
    );
    let expected = toml(
        "default = { window = 'CountWindow(20)', shadow = false }
        [breakers.a]
        tripper = 'FailureStreak(5)'
        retry = 'Cooldown(5s)'
        state = 'forced_open'
        [breakers.b]
        retry = 'Never()'
        [breakers.c]
        shadow = true",
    );
    assert_eq!(base.unwrap().merge(overlay.unwrap()), expected.unwrap());
}
