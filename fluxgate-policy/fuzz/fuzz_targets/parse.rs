//! Parses arbitrary bytes: there is no panic, there are at most 20 mistakes, each with a span in the text, and a parsed
//! policy prints and parses back to an equal one.

#![no_main]

use fluxgate_policy::{Kind, Setting, lex, parse, parse_at_run_time, parse_setting, parse_setting_tokens, parse_tokens};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Half of all bytes are not UTF-8, so they are replaced instead of rejected.
    let text = String::from_utf8_lossy(bytes);
    let tokens = lex(&text);
    for kind in Kind::ALL {
        match parse(kind, &text) {
            Ok(policy) => {
                let printed = policy.to_string();
                assert_eq!(parse(kind, &printed).as_ref(), Ok(&policy), "{text:?} prints {printed:?}");
            }
            Err(errors) => {
                assert!((1..=20).contains(&errors.len()));
                for error in errors {
                    assert!(text.get(error.span().start..error.span().end).is_some(), "{error:?}");
                    assert!(!error.with_caret(&text).is_empty());
                }
            }
        }
        let _ = parse_at_run_time(kind, &text);
        let _ = parse_tokens(kind, &tokens, &|_| String::from("x"));
    }
    for setting in [Setting::MaxHalfOpenCalls, Setting::MaxProbeTime, Setting::Cancelled, Setting::Timeout] {
        let _ = parse_setting(setting, &text);
        let _ = parse_setting_tokens(setting, &tokens);
    }
});
