//! Policy files against the schema, as an editor checks them.

use fluxgate::{CONFIGURATION_SCHEMA, Configuration};
use serde_json::Value;

/// Returns the complaints of an editor about a file.
fn complaints(file: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(CONFIGURATION_SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::draft7::new(&schema).expect("the schema is a schema");
    let file: Value = toml::from_str(file).expect("the file is TOML");
    let complaint = |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(&file).map(complaint).collect()
}

#[test]
fn the_schema_is_one_of_its_draft() {
    let schema: Value = serde_json::from_str(CONFIGURATION_SCHEMA).expect("the schema is JSON");
    assert!(jsonschema::meta::is_valid(&schema));
}

#[test]
fn an_editor_accepts_what_the_library_reads() {
    for file in [
        "",
        "'$schema' = 'breakers.schema.json'",
        "[default]\n[breakers.payment_api]\n[breakers.'a.b']",
        "default.window = 'CountWindow(1_000)'",
        "default.window = 'TimeWindow(size = 1.5m)'",
        "default.tracker = '!(All() & !All())'",
        "default.tripper = 'FailureStreak(5) | (MinRequests(20) & (Closed() & FailureRate(0.6) | HalfOpened() & FailureRate(ratio = 0.5)))'",
        "default.tripper = '''\n  SlowRate(0.5, threshold = 250ms)\n| AvgLatency(2e-1)\n'''",
        "default.retry = 'Backoff(10s, jitter_ratio = 0.1, multiplier = 3,)'",
        "default.retry = 'Never()'",
        "default.permit = 'RampUp(0, 1, 60s)'",
        "default.max_half_open_calls = 3\ndefault.max_probe_time = 0.5\ndefault.cancelled = 'ignore'",
        "default.max_half_open_calls = '3'\ndefault.max_probe_time = 'off'\ndefault.cancelled = '250ms'",
        "default.honour_retry_after = '10m'\ndefault.shadow = true\ndefault.state = 'disabled'",
    ] {
        let read: Result<Configuration, _> = toml::from_str(file);
        assert!(read.is_ok(), "{file}: {read:?}");
        assert_eq!(complaints(file), [""; 0], "{file}");
    }
}

#[test]
fn an_editor_complains_of_what_it_can_know_to_be_a_mistake() {
    for file in [
        "[breaker.payment_api]",
        "[breakers.payment_api]\ntriper = 'FailureStreak(5)'",
        "[breakers.payment_api]\nlisteners = []",
        "default.tripper = 5",
        "default.tripper = ''",
        "default.tripper = 'FailureRate'",
        "default.tripper = 'FailurRate(0.5)'",
        "default.tripper = 'FailureRate()'",
        "default.tripper = 'FailureRate(.5)'",
        "default.tripper = 'FailureRate(0.5, 2)'",
        "default.tripper = 'FailureRate(0.5) && MinRequests(20)'",
        "default.tripper = 'FailureRate(0.5) MinRequests(20)'",
        "default.tripper = '!Closed()'",
        "default.tripper = 'Custom(f)'",
        "default.tripper = 'Cooldown(60s)'",
        "default.tripper = 'AvgLatency(2 days)'",
        "default.tripper = 'FailureStreak(count: 5)'",
        "default.window = 'CountWindow(size = many)'",
        "default.window = 'CountWindow(5) | CountWindow(6)'",
        "default.tracker = 'TypeOf(std::io::Error)'",
        "default.retry = 'Backoff(10s, 2, 300s, 0.1, 7)'",
        "default.retry = 'Backoff(10s, jitter = 0.1)'",
        "default.max_half_open_calls = 0",
        "default.max_probe_time = 0",
        "default.max_probe_time = 'never'",
        "default.cancelled = 'off'",
        "default.shadow = 'yes'",
        "default.state = 'open'",
    ] {
        let read: Result<Configuration, _> = toml::from_str(file);
        assert!(read.is_err(), "{file}");
        assert_ne!(complaints(file), [""; 0], "{file}");
    }
}

#[test]
fn every_component_that_a_file_can_name_is_explained_with_its_parameters() {
    let schema: Value = serde_json::from_str(CONFIGURATION_SCHEMA).expect("the schema is JSON");
    let policy = &schema["definitions"]["policy"]["properties"];
    for spec in fluxgate_policy::components().iter().filter(|spec| spec.rust_parameter().is_none()) {
        let text = policy[spec.kind.word()]["description"].as_str().unwrap_or_default();
        assert!(text.contains(&format!("`{}(", spec.name)) && text.contains(spec.meaning), "{}: {text}", spec.name);
        assert!(spec.parameters.iter().all(|parameter| text.contains(parameter.name)), "{}: {text}", spec.name);
    }
}
