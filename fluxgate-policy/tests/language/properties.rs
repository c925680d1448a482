//! Properties of every policy and every text, tested on many random ones.

use std::fmt::Write;

use fastrand::Rng;
use fluxgate_policy::Kind::{self, Tracker, Tripper};
use fluxgate_policy::{
    Argument, Component, Expr, Quantity, Setting, Span, Spec, Token, component, components, lex, parse, parse_setting,
    parse_setting_tokens, parse_tokens,
};

use crate::support::one;

/// Returns a component of this row with random values from all of its ranges.
fn component_of(spec: &Spec, random: &mut Rng) -> Component {
    if let Some(parameter) = spec.rust_parameter() {
        let contents = [
            parameter.example,
            "|e: &'a E| e.f(\")\", ')')",
            "A { x: [1, 2], .. } | B(_) if c",
            "a::<B, C>",
            "r#\"\"\"#",
        ];
        let content = contents[random.usize(..contents.len())];
        return one(spec.kind, &format!("{}({content})", spec.name));
    }
    loop {
        let arguments = spec.parameters.iter().filter(|parameter| parameter.default.is_none() || random.bool());
        let arguments: Vec<_> = arguments.map(|parameter| (parameter.name, parameter.quantity)).collect();
        let arguments: Vec<_> =
            arguments.into_iter().map(|(name, quantity)| (name, argument(quantity, random))).collect();
        // The values of an ordered pair may be in the wrong order.
        if let Ok(component) = component(spec.kind, spec.name, &arguments) {
            return component;
        }
    }
}

fn argument(quantity: Quantity, random: &mut Rng) -> Argument {
    let shift = random.usize(..64);
    match quantity {
        Quantity::Count { min, max } => Argument::Count((random.u64(..) >> shift).clamp(min, max)),
        Quantity::Duration { min, max, step } => {
            let nanos = (random.u64(..) >> shift).clamp(min, max);
            Argument::Duration(nanos - nanos % step)
        }
        // A number of any size. Most are out of range, and then another one is drawn.
        _ => Argument::Number(match random.usize(..4) {
            0 => f64::from_bits(random.u64(..)),
            1 => f64::from(random.u32(..1_000)) / 1_000.0,
            2 => f64::from(random.u32(..)) / f64::from(u32::MAX),
            _ => f64::from(random.u32(..3)),
        }),
    }
}

fn expression(kind: Kind, depth: usize, random: &mut Rng) -> Expr<Component> {
    let rows: Vec<_> = components().iter().filter(|spec| spec.kind == kind).collect();
    if depth == 0 || !kind.composes() || random.u8(..4) == 0 {
        return Expr::Leaf(component_of(rows[random.usize(..rows.len())], random));
    }
    let operands = 2 + random.usize(..3);
    let mut operand = || expression(kind, depth - 1, random);
    match operands + usize::from(kind == Tracker) {
        2 => Expr::and(operand(), operand()),
        3 => Expr::or(operand(), operand()),
        4 => Expr::or(Expr::and(operand(), operand()), operand()),
        _ => Expr::not(operand()),
    }
}

#[test]
fn a_printed_policy_parses_back_to_an_equal_one() {
    let mut random = Rng::with_seed(1);
    for round in 0..4_000 {
        let kind = Kind::ALL[round % Kind::ALL.len()];
        let policy = expression(kind, 1 + round % 5, &mut random);
        let printed = policy.to_string();
        assert_eq!(parse(kind, &printed).as_ref(), Ok(&policy), "{printed}");
    }
}

#[test]
fn whitespace_and_redundant_parentheses_change_nothing() {
    let mut random = Rng::with_seed(2);
    for round in 0..1_000 {
        let kind = [Tracker, Tripper][round % 2];
        let policy = expression(kind, 3, &mut random);
        let spaced = format!("( (\n{policy}\t) )");
        assert_eq!(parse(kind, &spaced).as_ref(), Ok(&policy), "{spaced}");
    }
}

/// Returns the text of a random policy with a few random changes.
fn mutated(kind: Kind, random: &mut Rng) -> String {
    const PIECES: [&str; 40] = [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "=",
        "&",
        "|",
        "!",
        "&&",
        "||",
        "~",
        "and",
        "not",
        "%",
        "-",
        "::",
        ".",
        "\"",
        "'",
        "'a",
        "/*",
        "*/",
        "//",
        "\n",
        "r#\"",
        "0x10",
        "1e400",
        "NaN",
        "5s",
        "\0",
        "é",
        "실패",
        "\u{430}",
        "Closed()",
        "FailureRate",
        "ratio = ",
        "TypeOf(",
    ];
    let mut text: Vec<char> = expression(kind, 3, random).to_string().chars().collect();
    for _ in 0..=random.usize(..6) {
        let at = random.usize(..=text.len());
        match random.usize(..4) {
            0 => drop(text.drain(at..text.len().min(at + random.usize(..4)))),
            1 => text.truncate(at),
            2 => {
                let moved: Vec<_> = text.drain(at..text.len().min(at + random.usize(..12))).collect();
                let to = random.usize(..=text.len());
                text.splice(to..to, moved);
            }
            _ => drop(text.splice(at..at, PIECES[random.usize(..PIECES.len())].chars())),
        }
    }
    text.into_iter().collect()
}

/// Asserts the properties that hold for any text.
fn assert_sound(kind: Kind, text: &str) {
    match parse(kind, text) {
        Ok(policy) => {
            let printed = policy.to_string();
            assert_eq!(parse(kind, &printed).as_ref(), Ok(&policy), "{text:?} prints {printed:?}");
        }
        Err(errors) => {
            assert!((1..=20).contains(&errors.len()), "{text:?}: {errors:?}");
            assert!(errors.is_sorted_by_key(|error| error.span().start), "{text:?}: {errors:?}");
            for error in &errors {
                let Span { start, end } = error.span();
                assert!(start <= end && text.get(start..end).is_some(), "{text:?}: {error:?}");
                let message = error.to_string();
                assert!(!message.contains(['\n', '\0']) && message.len() < 1_000, "{text:?}: {message:?}");
                let says_what_to_write = ["write", "remove", "use"].iter().any(|verb| message.contains(verb));
                assert!(says_what_to_write, "{text:?}: {message:?}");
                assert!(error.with_caret(text).starts_with(&message));
            }
            let reported: Vec<_> = errors.iter().map(|error| (error.span(), error.to_string())).collect();
            assert!(reported.windows(2).all(|pair| pair[0] != pair[1]), "reported twice: {text:?}: {reported:?}");
        }
    }
}

#[test]
fn any_mutation_of_a_policy_is_parsed_or_reported() {
    let mut random = Rng::with_seed(3);
    for round in 0..20_000 {
        let kind = Kind::ALL[round % Kind::ALL.len()];
        assert_sound(kind, &mutated(kind, &mut random));
    }
}

#[test]
fn any_sequence_of_characters_is_parsed_or_reported() {
    const CHARACTERS: [char; 40] = [
        '(', ')', '[', ']', '{', '}', ',', '=', '&', '|', '!', '~', '%', '-', '+', '.', ':', '\'', '"', '\\', '/', '*',
        '#', 'r', 'b', 'e', 'A', 'l', 'x', '_', '0', '1', '9', 's', 'm', ' ', '\n', '\0', 'é', '실',
    ];
    let mut random = Rng::with_seed(4);
    for round in 0..20_000 {
        let text: String = (0..random.usize(..40)).map(|_| CHARACTERS[random.usize(..CHARACTERS.len())]).collect();
        assert_sound(Kind::ALL[round % Kind::ALL.len()], &text);
        for setting in [
            Setting::MaxHalfOpenCalls,
            Setting::MaxProbeTime,
            Setting::Cancelled,
            Setting::HonourRetryAfter,
            Setting::Timeout,
        ] {
            let _ = parse_setting(setting, &text);
            let _ = parse_setting_tokens(setting, &lex(&text));
        }
    }
}

#[test]
fn tokens_cover_a_text_without_overlap() {
    let mut random = Rng::with_seed(5);
    for _ in 0..5_000 {
        let text = mutated(Tracker, &mut random);
        let mut end = 0;
        for Token { span, .. } in lex(&text) {
            assert!(end <= span.start && span.start < span.end && text.get(span.start..span.end).is_some(), "{text:?}");
            end = span.end;
        }
    }
}

#[test]
fn tokens_and_text_give_the_same_result() {
    let mut random = Rng::with_seed(6);
    for round in 0..10_000 {
        let kind = Kind::ALL[round % Kind::ALL.len()];
        let text = mutated(kind, &mut random);
        let tokens = lex(&text);
        // Rust tokens contain no unterminated literal.
        if text.contains(['"', '\'', '/']) {
            continue;
        }
        let source = |span: Span| match tokens[span.start..span.end] {
            [] => String::new(),
            [ref first, .., ref last] => text[first.span.start..last.span.end].to_owned(),
            [ref only] => text[only.span.start..only.span.end].to_owned(),
        };
        let message = |errors: Vec<fluxgate_policy::Error>| {
            errors.into_iter().fold(String::new(), |mut all, error| {
                let _ = writeln!(all, "{error}");
                all
            })
        };
        let of_tokens = parse_tokens(kind, &tokens, &source).map_err(message);
        assert_eq!(of_tokens, parse(kind, &text).map_err(message), "{text:?}");
    }
}
