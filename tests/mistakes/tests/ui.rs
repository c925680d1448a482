//! Every mistake with what the macros say of it, and what must compile without a word.

use std::{fs, path::Path, process::Command};

/// The toolchain whose wording the `.stderr` files hold. Another one rewords what is not ours, so there nothing is
/// compared.
const PINNED: &str = "rustc 1.95.";

#[test]
fn every_mistake_gets_its_message_and_what_is_right_none() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    if is_pinned() {
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

/// What is said of code in a crate that has no feature of fluxgate but the default ones: all crates of the workspace have
/// the others, so it takes one outside.
fn said_of(source: &str, name: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let outside = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(outside.join("src")).expect("the target folder is ours");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\nfluxgate-breaker = {{ path = '{}' }}\n[workspace]\n",
        here.join("../../fluxgate").display()
    );
    fs::write(outside.join("Cargo.toml"), manifest).expect("the target folder is ours");
    fs::copy(here.join("../../Cargo.lock"), outside.join("Cargo.lock")).expect("the workspace has a lock file");
    fs::write(outside.join("src/lib.rs"), source).expect("the target folder is ours");
    let checked = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet", "--message-format", "short"])
        .current_dir(&outside)
        // One for all of them, so that fluxgate is checked once.
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-features"))
        .output()
        .expect("cargo runs: it has built this test");
    let said = String::from_utf8_lossy(&checked.stderr);
    let errors: Vec<&str> = said.lines().filter(|line| line.contains(": error")).collect();
    let [error] = errors.as_slice() else { panic!("one message, not {said}") };
    (*error).to_owned()
}

#[test]
fn a_timeout_without_the_feature_tokio_says_what_to_write() {
    let source = "
        #[fluxgate::circuit_breaker(timeout = 2s, wrap_error)]
        pub async fn stock() -> Result<u32, std::num::ParseIntError> { \"1\".parse() }
    ";
    let error = said_of(source, "without-tokio");
    assert!(error.starts_with("src/lib.rs:2:37: error: `timeout` needs the feature `tokio` of fluxgate"), "{error}");
    assert!(error.ends_with("; write `features = [\"tokio\"]` where Cargo.toml names it"), "{error}");
}

#[test]
fn a_breaker_for_each_key_without_the_feature_keyed_says_what_to_write() {
    let source = "
        #[fluxgate::circuit_breaker(name = \"per_host\", key = host, wrap_error)]
        pub fn port(host: &str) -> Result<u16, std::num::ParseIntError> { host.parse() }
    ";
    let error = said_of(source, "without-keyed");
    assert!(error.starts_with("src/lib.rs:2:56: error: `key` needs the feature `keyed` of fluxgate"), "{error}");
    assert!(error.ends_with("; write `features = [\"keyed\"]` where Cargo.toml names it"), "{error}");

    let source = "
        fluxgate::breakers! { pub PER_HOST[max = 10] {} }
        #[fluxgate::circuit_breaker(PER_HOST.get(host), wrap_error)]
        pub fn port(host: &str) -> Result<u16, std::num::ParseIntError> { host.parse() }
    ";
    let error = said_of(source, "without-keyed");
    assert!(
        error.starts_with("src/lib.rs:2:35: error: a set of breakers needs the feature `keyed` of fluxgate"),
        "{error}"
    );
}
