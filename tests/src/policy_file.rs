//! Policy files. The last one applies to the whole process.

use std::sync::MutexGuard;

use fluxgate::{Configuration, UnmatchedName, configure};

use crate::process;

/// A configuration applies to the whole process: tests take turns, and each begins without one.
pub fn turn() -> MutexGuard<'static, ()> {
    let turn = process::turn();
    configured("");
    turn
}

/// Parses a TOML file.
#[track_caller]
pub fn read(file: &str) -> Configuration {
    toml::from_str(file).expect(file)
}

/// Applies a file without mistakes, whose names all match.
#[track_caller]
pub fn configured(file: &str) {
    assert_eq!(unmatched(file), [""; 0], "{file}");
}

/// Applies a file without mistakes. Returns the names that match nothing.
#[track_caller]
pub fn unmatched(file: &str) -> Vec<String> {
    let unmatched = configure(&read(file)).expect(file);
    unmatched.names().iter().map(UnmatchedName::name).map(str::to_owned).collect()
}

/// Returns the mistakes of a file that does not fit the breakers of the process.
#[track_caller]
pub fn mistakes(file: &str) -> Vec<String> {
    configure(&read(file)).expect_err(file).mistakes().to_vec()
}
