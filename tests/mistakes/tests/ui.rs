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

/// These tests have the feature `tokio`, as all crates of the workspace then do: it takes a crate outside.
#[test]
fn a_timeout_without_the_feature_tokio_says_what_to_write() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let outside = Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-tokio");
    fs::create_dir_all(outside.join("src")).expect("the target folder is ours");
    let manifest = format!(
        "[package]\nname = \"without-tokio\"\nedition = \"2024\"\n[dependencies]\nfluxgate = {{ path = {:?} }}\n[workspace]\n",
        here.join("../../fluxgate")
    );
    fs::write(outside.join("Cargo.toml"), manifest).expect("the target folder is ours");
    fs::copy(here.join("../../Cargo.lock"), outside.join("Cargo.lock")).expect("the workspace has a lock file");
    let source = "
        #[fluxgate::circuit_breaker(timeout = 2s, wrap_error)]
        pub async fn stock() -> Result<u32, std::num::ParseIntError> { \"1\".parse() }
    ";
    fs::write(outside.join("src/lib.rs"), source).expect("the target folder is ours");
    let checked = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet", "--message-format", "short"])
        .current_dir(&outside)
        .env("CARGO_TARGET_DIR", outside.join("target"))
        .output()
        .expect("cargo runs: it has built this test");
    let said = String::from_utf8_lossy(&checked.stderr);
    let errors: Vec<&str> = said.lines().filter(|line| line.contains(": error")).collect();
    let [error] = errors.as_slice() else { panic!("one message, not {said}") };
    assert!(error.starts_with("src/lib.rs:2:37: error: `timeout` needs the feature `tokio` of fluxgate"), "{error}");
    assert!(error.ends_with("; write `features = [\"tokio\"]` where Cargo.toml names it"), "{error}");
}
