//! The grammar: precedence, arguments, units, Rust in parentheses, and printing.

use fluxgate_policy::Kind::{self, Permit, Retry, Tracker, Tripper, Window};
use fluxgate_policy::{Expr, Value, components, parse};

use crate::support::{one, parsed};

/// Returns the structure of an expression: each component is replaced by its position in the text.
fn structure(kind: Kind, text: &str) -> Expr<usize> {
    let mut next = 0;
    parsed(kind, text).map(|_| {
        next += 1;
        next - 1
    })
}

fn leaf(position: usize) -> Expr<usize> {
    Expr::Leaf(position)
}

#[test]
fn and_binds_tighter_than_or() {
    let expected = Expr::Or(vec![leaf(0), Expr::And(vec![leaf(1), leaf(2)]), leaf(3)]);
    assert_eq!(structure(Tracker, "All() | All() & All() | All()"), expected);
    let expected = Expr::Or(vec![Expr::And(vec![leaf(0), leaf(1)]), Expr::And(vec![leaf(2), leaf(3)])]);
    assert_eq!(structure(Tracker, "All() & All() | All() & All()"), expected);
}

#[test]
fn parentheses_bind_tighter_than_and() {
    let expected = Expr::And(vec![leaf(0), Expr::Or(vec![leaf(1), leaf(2)])]);
    assert_eq!(structure(Tracker, "All() & (All() | All())"), expected);
}

#[test]
fn not_binds_tightest() {
    let expected = Expr::And(vec![Expr::not(leaf(0)), Expr::not(Expr::Or(vec![leaf(1), leaf(2)])), leaf(3)]);
    assert_eq!(structure(Tracker, "!All() & !(All() | All()) & All()"), expected);
    assert_eq!(structure(Tracker, "!!All()"), Expr::not(Expr::not(leaf(0))));
}

#[test]
fn redundant_parentheses_leave_no_trace() {
    let flat = Expr::And(vec![leaf(0), leaf(1), leaf(2)]);
    for text in ["All() & All() & All()", "All() & (All() & All())", "(((All() & All()))) & (All())"] {
        assert_eq!(structure(Tracker, text), flat);
    }
}

#[test]
fn a_policy_prints_with_the_fewest_parentheses() {
    for (written, printed) in [
        (
            "FailureStreak(5) | (MinRequests(20) & ((Closed() & FailureRate(0.6)) | (HalfOpened() & FailureRate(0.5))))",
            "FailureStreak(5) | MinRequests(20) & (Closed() & FailureRate(0.6) | HalfOpened() & FailureRate(0.5))",
        ),
        ("((Closed()))", "Closed()"),
        ("Closed()&HalfOpened()|Closed()", "Closed() & HalfOpened() | Closed()"),
    ] {
        assert_eq!(parsed(Tripper, written).to_string(), printed);
    }
    assert_eq!(parsed(Tracker, "!(!(All()))|!((All()&All()))").to_string(), "!!All() | !(All() & All())");
}

#[test]
fn every_component_prints_in_its_canonical_form() {
    for (kind, written, printed) in [
        (Window, "CountWindow(1_000)", "CountWindow(1000)"),
        (Window, "CountWindow(size = 10,)", "CountWindow(10)"),
        (Window, "TimeWindow(60.0)", "TimeWindow(60s)"),
        (Window, "TimeWindow(size = 2m)", "TimeWindow(120s)"),
        (Tracker, "All ( )", "All()"),
        (Tracker, "TypeOf(types = io::Error, B)", "TypeOf(io::Error, B)"),
        (Tracker, "Custom( function=is_bad )", "Custom(is_bad)"),
        (Tracker, "Matches(pattern = A | B if x)", "Matches(A | B if x)"),
        (Tripper, "Closed()", "Closed()"),
        (Tripper, "HalfOpened()", "HalfOpened()"),
        (Tripper, "MinRequests(count = 20)", "MinRequests(20)"),
        (Tripper, "FailureRate(ratio = 0.60)", "FailureRate(0.6)"),
        (Tripper, "FailureRate(1.)", "FailureRate(1)"),
        (Tripper, "FailureRate(5e-1)", "FailureRate(0.5)"),
        (Tripper, "FailureStreak(count = 5)", "FailureStreak(5)"),
        (Tripper, "AvgLatency(threshold = 0.25)", "AvgLatency(250ms)"),
        (Tripper, "SlowRate(threshold = 2 s, ratio = 0.5)", "SlowRate(0.5, 2s)"),
        (Tripper, "SlowRate(0.5, threshold = 1_500us)", "SlowRate(0.5, 1500us)"),
        (Tripper, "Custom(|context| context.calls() > 3)", "Custom(|context| context.calls() > 3)"),
        (Retry, "Always()", "Always()"),
        (Retry, "Never()", "Never()"),
        (Retry, "Cooldown(1m)", "Cooldown(60s)"),
        (Retry, "Cooldown(60, 0)", "Cooldown(60s)"),
        (Retry, "Cooldown(60, 0.1)", "Cooldown(60s, jitter_ratio = 0.1)"),
        (Retry, "Backoff(10, 2, 5m, 0.0)", "Backoff(10s)"),
        (Retry, "Backoff(10, 3, 60, 0.25)", "Backoff(10s, multiplier = 3, max_duration = 60s, jitter_ratio = 0.25)"),
        (Retry, "Backoff(jitter_ratio = 0.1, initial = 10)", "Backoff(10s, jitter_ratio = 0.1)"),
        (Retry, "Backoff(10, multiplier = 1e300)", "Backoff(10s, multiplier = 1e300)"),
        (Permit, "All()", "All()"),
        (Permit, "Random(ratio = 0)", "Random(0)"),
        (Permit, "Random(-0)", "Random(0)"),
        (Permit, "Random(-0e5)", "Random(0)"),
        (Permit, "RampUp(initial = 0.1, final = 0.5, duration = 60.0)", "RampUp(0.1, 0.5, 60s)"),
        (Permit, "RampUp(0, 1, 1h)", "RampUp(0, 1, 3600s)"),
    ] {
        let component = one(kind, written);
        assert_eq!(component.to_string(), printed);
        assert_eq!(one(kind, printed), component, "{printed}");
    }
}

#[test]
fn each_example_of_the_catalog_parses_and_prints() {
    for spec in components() {
        assert_eq!(one(spec.kind, spec.example).to_string(), spec.example);
        for parameter in spec.parameters {
            let value = &one(spec.kind, spec.example);
            assert!(value.value(parameter.name).is_some());
        }
    }
}

#[test]
fn each_parameter_may_be_positional_or_named() {
    for spec in components() {
        let values: Vec<_> = spec.parameters.iter().map(|parameter| parameter.example).collect();
        let positional = one(spec.kind, &format!("{}({})", spec.name, values.join(", ")));
        for split in 0..=values.len() {
            let written: Vec<_> = spec
                .parameters
                .iter()
                .enumerate()
                .map(|(position, parameter)| {
                    let name = if position < split { String::new() } else { format!("{} = ", parameter.name) };
                    format!("{name}{}", parameter.example)
                })
                .collect();
            let (first, last) = written.split_at(split);
            let reversed: Vec<_> = first.iter().chain(last.iter().rev()).cloned().collect();
            assert_eq!(one(spec.kind, &format!("{}({})", spec.name, reversed.join(", "))), positional);
        }
    }
}

#[test]
fn an_omitted_argument_has_its_default() {
    let backoff = one(Retry, "Backoff(10s)");
    assert_eq!(backoff.number("multiplier").to_bits(), 2.0_f64.to_bits());
    assert_eq!(backoff.nanos("max_duration"), 300_000_000_000);
    assert_eq!(backoff.number("jitter_ratio").to_bits(), 0.0_f64.to_bits());
    assert!(backoff.is_default("multiplier") && backoff.is_default("max_duration"));
    assert!(!backoff.is_default("initial") && !backoff.is_default("nonsense"));
    assert!(!one(Retry, "Backoff(10s, 3)").is_default("multiplier"));
    assert!(one(Retry, "Cooldown(10s)").is_default("jitter_ratio"));
}

#[test]
fn each_unit_is_accepted() {
    for (written, nanos) in [
        ("1ns", 1),
        ("1us", 1_000),
        ("1ms", 1_000_000),
        ("1s", 1_000_000_000),
        ("1", 1_000_000_000),
        ("1m", 60_000_000_000),
        ("1h", 3_600_000_000_000),
        ("1e-3", 1_000_000),
        ("1.5e3ms", 1_500_000_000),
        ("0.1", 100_000_000),
        ("1_000.000_001", 1_000_000_001_000),
        ("30 /* seconds */ s", 30_000_000_000),
    ] {
        assert_eq!(one(Retry, &format!("Cooldown({written})")).nanos("duration"), nanos, "{written}");
    }
}

#[test]
fn whitespace_and_comments_mean_nothing() {
    let text = "\r\n Closed // while all is well\n\t( ) /* and /* nested */ */ &\u{a0}FailureRate(\n0.5\n,)";
    assert_eq!(parsed(Tripper, text), parsed(Tripper, "Closed() & FailureRate(0.5)"));
}

#[test]
fn rust_extends_to_the_closing_parenthesis() {
    for content in [
        "is_bad",
        "crate::errors::is_bad::<u8, (A, B)>",
        "|e: &ApiError| e.is_server_error()",
        "|e: &&'static str| matches!(e, &\")\" | &\"\\\")\")",
        "|e| { let open = '('; let quote = '\\''; let byte = b')'; e.has(open, quote, byte) }",
        "|e| e.text() == r#\"a \" ) b\"# || e.text() == br\")\"",
        "|e: &Error<'a>| -> bool { e.x[0] > (1 + 2) }",
        "|e| e /* ) */ .is_bad() // )\n    && true",
        "|e| e.'label",
    ] {
        let tracker = parsed(Tracker, &format!("Custom(  {content} /* ) */ , ) | All()"));
        let first = tracker.leaves().next().unwrap().clone();
        assert_eq!(first.rust("function").text, content);
        assert_eq!(tracker.to_string(), format!("Custom({content}) | All()"));
        assert_eq!(first.rust("function").span.start, 9);
    }
    let pattern = "ApiError::Status(500..=599) | ApiError::Down { since, .. } if since.elapsed() > LONG";
    assert_eq!(one(Tracker, &format!("Matches({pattern})")).rust("pattern").text, pattern);
    let types = "io::Error, Wrapped<'static, [u8; 3]>, fn(u8) -> bool";
    assert_eq!(one(Tracker, &format!("TypeOf({types})")).rust("types").text, types);
}

#[test]
fn a_component_has_its_span() {
    let text = "Closed() & (FailureRate ( 0.5 ) | Custom(f))";
    let sources: Vec<_> = parsed(Tripper, text)
        .leaves()
        .map(|leaf| &text[leaf.span().start..leaf.span().end])
        .map(str::to_owned)
        .collect();
    assert_eq!(sources, ["Closed()", "FailureRate ( 0.5 )", "Custom(f)"]);
}

#[test]
fn spans_are_not_compared() {
    assert_eq!(one(Tripper, "Closed()"), one(Tripper, "   Closed()"));
    assert_eq!(one(Tracker, "Custom(f)"), one(Tracker, "   Custom( f )"));
    assert_ne!(one(Tracker, "Custom(f)"), one(Tripper, "Custom(f)"));
    assert_ne!(one(Tracker, "Custom(f)"), one(Tracker, "Custom(g)"));
    assert_ne!(one(Tracker, "All()"), one(Permit, "All()"));
}

#[test]
fn the_values_of_a_component_come_in_order() {
    let slow = one(Tripper, "SlowRate(threshold = 2s, ratio = 0.5)");
    let values: Vec<_> = slow.values().map(|(parameter, value)| (parameter.name, value.clone())).collect();
    assert_eq!(values, [("ratio", Value::Number(0.5)), ("threshold", Value::Duration(2_000_000_000))]);
}

#[test]
#[should_panic(expected = "MinRequests has no duration parameter `count`")]
fn asking_for_a_value_of_another_type_is_a_bug() {
    one(Tripper, "MinRequests(20)").nanos("count");
}

#[test]
fn windows_retries_and_permits_are_single_components() {
    for (kind, text) in [(Window, "((CountWindow(10)))"), (Retry, "Always()"), (Permit, "All()")] {
        assert!(matches!(parse(kind, text), Ok(Expr::Leaf(_))));
    }
}

#[test]
fn leaves_map_and_holds_run_from_left_to_right() {
    let expr = Expr::or(Expr::Leaf(1), Expr::and(Expr::not(Expr::Leaf(2)), Expr::or(Expr::Leaf(3), Expr::Leaf(4))));
    assert_eq!(expr.leaves().copied().collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(expr.clone().map(|leaf| leaf * 10).leaves().copied().collect::<Vec<_>>(), [10, 20, 30, 40]);
    assert_eq!(expr.clone().try_map(|leaf| if leaf < 3 { Ok(leaf) } else { Err(leaf) }), Err(3));
    let mut evaluated = Vec::new();
    let holds = expr.holds(|leaf| {
        evaluated.push(*leaf);
        *leaf == 3
    });
    assert!(holds);
    assert_eq!(evaluated, [1, 2, 3]);
}

#[test]
fn joining_keeps_expressions_flat() {
    let leaf = Expr::Leaf;
    let joined = Expr::and(Expr::and(leaf(1), leaf(2)), Expr::and(leaf(3), Expr::or(leaf(4), leaf(5))));
    assert_eq!(joined, Expr::And(vec![leaf(1), leaf(2), leaf(3), Expr::Or(vec![leaf(4), leaf(5)])]));
    let by_hand = Expr::Or(vec![leaf(1), Expr::Or(vec![leaf(2), leaf(3)])]);
    assert_eq!(by_hand.to_string(), "1 | (2 | 3)");
    let by_hand = Expr::And(vec![leaf(1), Expr::And(vec![leaf(2), leaf(3)])]);
    assert_eq!(by_hand.to_string(), "1 & (2 & 3)");
    assert_eq!(Expr::all([leaf(1)]), Some(leaf(1)));
    assert_eq!(Expr::<u8>::any([]), None);
    let any = Expr::any([leaf(1), Expr::or(leaf(2), leaf(3)), leaf(4)]);
    assert_eq!(any, Some(Expr::Or(vec![leaf(1), leaf(2), leaf(3), leaf(4)])));
}
