//! Mistakes in policy files, and their messages.

use fluxgate::Configuration;

use super::files::{environment, json, toml, yaml};

#[test]
fn a_mistake_in_toml_tells_breaker_component_line_and_column() {
    let mistake = toml("[breakers.payment_api]\nretry = 'Never()'\ntripper = 'FailureStreak(5) | FailurRate(0.6)'\n");
    assert_eq!(
        mistake.unwrap_err(),
        "\
TOML parse error at line 3, column 11
  |
3 | tripper = 'FailureStreak(5) | FailurRate(0.6)'
  |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
breaker `payment_api`, tripper: there is no tripper `FailurRate`; write FailureRate
  FailureStreak(5) | FailurRate(0.6)
                     ^^^^^^^^^^
"
    );
}

#[test]
fn a_mistake_in_json_tells_breaker_component_line_and_column() {
    let mistake =
        json("{\n  \"breakers\": {\n    \"payment_api\": {\n      \"tripper\": \"FailurRate(0.6)\"\n    }\n  }\n}");
    assert_eq!(
        mistake.unwrap_err(),
        "\
breaker `payment_api`, tripper: there is no tripper `FailurRate`; write FailureRate
  FailurRate(0.6)
  ^^^^^^^^^^ at line 4 column 34"
    );
}

#[test]
fn a_mistake_in_yaml_tells_breaker_component_line_and_column() {
    let mistake = yaml("breakers:\n  payment_api:\n    tripper: FailurRate(0.6)\n");
    assert_eq!(
        mistake.unwrap_err(),
        "\
error: line 3 column 14: breaker `payment_api`, tripper: there is no tripper `FailurRate`; write FailureRate
         FailurRate(0.6)
         ^^^^^^^^^^
 --> <input>:3:14
  |
1 | breakers:
2 |   payment_api:
3 |     tripper: FailurRate(0.6)
  |              ^ breaker `payment_api`, tripper: there is no tripper `FailurRate`; write FailureRate
  FailurRate(0.6)
  ^^^^^^^^^^"
    );
}

#[test]
fn a_mistake_in_the_environment_tells_breaker_and_component() {
    let mistake = environment(&[("APP__BREAKERS__PAYMENT_API__TRIPPER", "FailurRate(0.6)")]);
    assert_eq!(
        mistake.unwrap_err(),
        "\
breaker `payment_api`, tripper: there is no tripper `FailurRate`; write FailureRate
  FailurRate(0.6)
  ^^^^^^^^^^ for key `breakers.payment_api.tripper`"
    );
}

#[test]
fn a_mistake_of_two_parts_is_shown_at_the_breaker_s_table() {
    let mistake = toml("[breakers.a]\n[breakers.b]\nwindow = 'CountWindow(10)'\ntripper = 'MinRequests(20)'\n");
    assert_eq!(
        mistake.unwrap_err(),
        "\
TOML parse error at line 2, column 1
  |
2 | [breakers.b]
  | ^^^^^^^^^^^^
breaker `b`, tripper: MinRequests: 20 is more than CountWindow(10) can hold; write at most 10
"
    );
}

/// Returns the message for a mistake in TOML, without the line that shows it.
pub(super) fn message(text: &str) -> String {
    toml::from_str::<Configuration>(text).expect_err(text).message().to_owned()
}

#[test]
fn each_mistake_says_what_to_write() {
    for (file, expected) in [
        ("[breakers.a]\ntriper = 'All()'", "breaker `a`: unknown key `triper`; did you mean `tripper`?"),
        (
            "[breakers.a]\ncolour = 'All()'",
            "breaker `a`: unknown key `colour`; the keys are `window`, `tracker`, `tripper`, `retry`, `permit`, `max_half_open_calls`, `max_probe_time`, `max_failed_probes`, `cancelled`, `honour_retry_after`, `shadow`, `state`",
        ),
        ("[breakers.a]\nlisteners = []", "breaker `a`: `listeners` can only be set in code; remove it from the file"),
        (
            "[default]\ntripper = 5",
            "invalid type: integer `5`, expected text in the policy language, such as \"FailureRate(0.5)\", for `tripper` of the default",
        ),
        ("[default]\ntripper = ''", "default, tripper: the tripper is empty; write one, such as FailureRate(0.5)"),
        (
            "[default]\nmax_probe_time = 0",
            "default, max_probe_time: 0 is out of range; write a duration above 0, such as 60s, or \"off\"",
        ),
        (
            "[default]\nmax_probe_time = true",
            "invalid type: boolean `true`, expected seconds, or text such as \"60s\", or \"off\", for `max_probe_time` of the default",
        ),
        (
            "[default]\nmax_half_open_calls = 2.5",
            "default, max_half_open_calls: 2.5 is not written as a whole number; write a whole number from 1 to 4294967295, such as 10",
        ),
        (
            "[default]\nmax_half_open_calls = -1",
            "default, max_half_open_calls: -1 is out of range; write a whole number from 1 to 4294967295, such as 10",
        ),
        (
            "[default]\ncancelled = 'of'",
            "default, cancelled: `of` is not a duration; write a duration above 0, such as 1s, or \"failure\", or \"ignore\"",
        ),
        (
            "[default]\ncancelled = []",
            "invalid type: sequence, expected seconds, or text such as \"1s\", or \"failure\", or \"ignore\", for `cancelled` of the default",
        ),
        (
            "[default]\nshadow = 'yes'",
            "invalid value: string \"yes\", expected true or false, for `shadow` of the default",
        ),
        (
            "[default]\nstate = 'open'",
            "invalid value: string \"open\", expected \"disabled\", \"forced_open\" or \"metrics_only\", for `state` of the default",
        ),
        (
            "[default]\ntracker = 'Custom(is_down)'",
            "default, tracker: Custom: a function can't be named in a policy that is read at run time; write Custom in code\n  Custom(is_down)\n  ^^^^^^^^^^^^^^^",
        ),
        (
            "[breakers.a]\nretry = 'Backoff(10s, max_duration = 5s)'",
            "breaker `a`, retry: Backoff: initial = 10s is above max_duration = 5s; write a max_duration of at least 10s\n  Backoff(10s, max_duration = 5s)\n               ^^^^^^^^^^^^^^^^^",
        ),
        (
            "[breakers.a]\ntripper = 'FailurRate(0.5) | FailureStreak(0)'",
            "breaker `a`, tripper: there is no tripper `FailurRate`; write FailureRate\n  FailurRate(0.5) | FailureStreak(0)\n  ^^^^^^^^^^\nbreaker `a`, tripper: FailureStreak: 0 is out of range; write a whole number of at least 1, such as 5\n  FailurRate(0.5) | FailureStreak(0)\n                                  ^",
        ),
        (
            "[breakers.a]\nwindow = 'CountWindow(10)'\ntripper = 'MinRequests(20)'",
            "breaker `a`, tripper: MinRequests: 20 is more than CountWindow(10) can hold; write at most 10",
        ),
        (
            "[breakers.a]\ntripper = 'HalfOpened()'",
            "breaker `a`, tripper: this tripper never holds while the breaker is closed, so the breaker would never open; add a clause that can hold, such as `| FailureStreak(5)`",
        ),
        (
            "[breakers.a]\ntripper = 'MinRequests(20)'\n[default]\nwindow = 'CountWindow(10)'",
            "breaker `a`, tripper: MinRequests: 20 is more than CountWindow(10) can hold; write at most 10",
        ),
        ("[breaker.a]", "unknown key `breaker`; did you mean `breakers`?"),
        (
            "[payment_api]",
            "unknown key `payment_api`; the keys are `default`, `breakers`, and breakers are tables in `breakers`",
        ),
        ("breakers = []", "invalid type: sequence, expected breakers: a table for each breaker, by its name"),
        (
            "[breakers]\na = 'FailureStreak(5)'",
            "invalid type: string \"FailureStreak(5)\", expected a table with keys such as `tripper`, for breaker `a`",
        ),
    ] {
        assert_eq!(message(file), expected, "{file}");
    }
}

#[test]
fn what_is_given_twice_is_a_mistake_in_formats_that_allow_it() {
    for (file, expected) in [
        (r#"{"default": {"shadow": true, "shadow": true}}"#, "default: `shadow` is given twice; remove one"),
        (r#"{"breakers": {"a": {}, "a": {}}}"#, "breaker `a` is given twice; remove one"),
        (r#"{"breakers": {}, "breakers": {}}"#, "`breakers` is given twice; remove one"),
    ] {
        let error = json(file).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_name_with_dots_that_has_no_quotes_is_told_to_have_them() {
    for (file, expected) in [
        (
            "[breakers.api.example.com]\ntripper = 'FailureStreak(5)'",
            "breaker `api`: unknown key `example`; quote a name with dots: [breakers.\"api.example.com\"]",
        ),
        (
            "[breakers.api.example.com]\nshadow = true",
            "breaker `api`: unknown key `example`; quote a name with dots: [breakers.\"api.example.com\"]",
        ),
        (
            "[breakers.localhost]\nretry = 'Never()'\n[breakers.localhost.'8080']\nretry = 'Never()'",
            "breaker `localhost`: unknown key `8080`; quote a name with dots: [breakers.\"localhost.8080\"]",
        ),
    ] {
        assert_eq!(message(file), expected, "{file}");
    }
}

#[test]
fn a_merge_key_of_yaml_is_told_what_takes_its_place() {
    let json = r#"{ "breakers": { "a": { "<<": { "tripper": "FailureStreak(5)" } } } }"#;
    let error = serde_json::from_str::<Configuration>(json).unwrap_err().to_string();
    assert!(error.starts_with("breaker `a`: `<<` is a merge key of YAML"), "{error}");
}

#[test]
fn an_unknown_key_is_shown_at_its_own_line() {
    let mistake = toml("[breakers.a]\nretry = 'Never()'\ntriper = 'FailureStreak(5)'\n");
    assert_eq!(
        mistake.unwrap_err(),
        "\
TOML parse error at line 3, column 1
  |
3 | triper = 'FailureStreak(5)'
  | ^^^^^^
breaker `a`: unknown key `triper`; did you mean `tripper`?
"
    );
    let mistake = toml("[breakers.a]\nretry = 'Never()'\ncolour = 'red'\n").unwrap_err();
    assert!(mistake.starts_with("TOML parse error at line 3, "), "{mistake}");
}
