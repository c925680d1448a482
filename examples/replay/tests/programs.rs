//! The programs themselves, as they were built beside this test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The program of an example. `cargo test` builds those of this package first, and `cargo test --workspace` all.
fn example(name: &str) -> Command {
    let test = env::current_exe().expect("this test is a file");
    let profile = test.ancestors().nth(2).expect("it is in `deps`, beside `examples`");
    let program = profile.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    assert!(program.exists(), "run `cargo build --workspace --examples` first, or `cargo test --workspace`");
    Command::new(program)
}

fn traces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")
}

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("it can be run");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn replay_prints_a_summary_and_ends_well() {
    let (code, stdout, stderr) = run(example("replay").arg(traces().join("outage.csv")));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.starts_with("outage.csv: "), "{stdout}");
}

#[test]
fn replay_ends_badly_and_says_why_where_it_could_do_nothing() {
    let (code, stdout, stderr) = run(example("replay").args(["--tripper", "FailureRate(60)", "no.csv"]));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.starts_with("error: --tripper: FailureRate: 60 is out of range"), "{stderr}");
    let (code, ..) = run(example("replay").arg("--bogus"));
    assert_eq!(code, Some(2));
    let (code, help, _) = run(example("replay").arg("--help"));
    assert_eq!(code, Some(0));
    assert!(help.contains("--compare <TRIPPER>"), "{help}");
}

#[test]
fn the_traces_are_what_their_generator_makes() {
    let folder = tempfile::tempdir().expect("a place for temporary files");
    let (code, ..) = run(example("make_traces").arg(folder.path()));
    assert_eq!(code, Some(0));
    for trace in ["outage.csv", "brown_out.csv", "flapping.csv", "deploy_blip.csv", "retry_storm.csv"] {
        let read = |folder: &Path| fs::read_to_string(folder.join(trace)).expect("a trace");
        assert!(read(folder.path()) == read(&traces()), "{trace}: `cargo run --example make_traces` makes another");
    }
}

#[test]
fn the_schema_that_ships_is_the_one_that_its_program_makes() {
    let (code, made, _) = run(&mut example("policy_schema"));
    assert_eq!(code, Some(0));
    let ships = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fluxgate/src/configuration/schema.json");
    let ships = fs::read_to_string(ships).expect("the schema of policy files");
    assert!(made == ships, "run `cargo run --example policy_schema > fluxgate/src/configuration/schema.json`");
}

#[test]
fn what_the_payment_example_records_can_be_replayed() {
    let folder = tempfile::tempdir().expect("a place for temporary files");
    let trace = folder.path().join("payments.csv");
    // The provider fails from the third second on, and the breaker opens. It does not recover by the sixth.
    let (_, stdout, stderr) = run(example("payment_api").args(["--for", "6", "--record"]).arg(&trace));
    assert!(stdout.contains(" calls recorded, "), "{stdout}\n{stderr}");
    let (code, stdout, stderr) = run(example("replay").args(["--tripper", "FailureStreak(5)"]).arg(&trace));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("FailureStreak(5): 5 failures in a row"), "{stdout}");
}
