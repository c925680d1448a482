//! Tests that share a process with others.

use std::{
    env,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Names the test that a process is started for.
const TEST: &str = "FLUXGATE_TEST_ALONE";

/// Returns the lock that tests hold while they look at all breakers of the process, or depend on nobody else doing so.
///
/// A test that lists, exports, saves or configures breakers holds handles of all of them for a moment. Meanwhile none is
/// dropped or evicted.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `body` in a process of its own, which runs no other test of the binary, and returns what it wrote to standard error.
///
/// `module` is the `module_path!()` of the test. In that process the function returns `None`.
pub fn alone(module: &str, test: &str, body: impl FnOnce()) -> Option<String> {
    let test = match module.split_once("::") {
        Some((_, modules)) => format!("{modules}::{test}"),
        None => test.to_owned(),
    };
    if env::var(TEST).is_ok_and(|alone| alone == test) {
        body();
        return None;
    }
    let binary = env::current_exe().expect("the path of the test binary");
    let mut command = Command::new(binary);
    let output = command.args([&test, "--exact", "--nocapture"]).env(TEST, &test).output().expect("it starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {out}{err}", output.status);
    assert!(out.contains("running 1 test\n"), "{test} is not the name of the test: {out}");
    Some(err.into_owned())
}
