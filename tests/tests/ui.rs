//! Every mistake with what the macros say of it, and what must compile without a word.

use std::process::Command;

/// The toolchain whose wording the `.stderr` files hold. Another one rewords what is not ours, so there nothing is
/// compared.
const PINNED: &str = "rustc 1.95.";

#[test]
fn every_mistake_gets_its_message() {
    if is_pinned() {
        let cases = trybuild::TestCases::new();
        for folder in ["policy", "attribute", "breakers"] {
            cases.compile_fail(format!("ui/{folder}/*.rs"));
        }
    }
}

fn is_pinned() -> bool {
    let version = Command::new(std::env::var("RUSTC").unwrap_or("rustc".to_owned())).arg("-V").output();
    let version = String::from_utf8(version.expect("rustc runs: it has built this test").stdout).unwrap_or_default();
    let is_pinned = version.starts_with(PINNED);
    if !is_pinned {
        eprintln!("not compared: the messages are those of {PINNED}x, this is {version}");
    }
    is_pinned
}
