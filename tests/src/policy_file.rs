//! Policy files, of which a process goes by the last.

use std::sync::MutexGuard;

use fluxgate::{Configuration, configure};

use crate::process;

/// A configuration is of the whole process: tests take turns, and each begins without one.
pub fn turn() -> MutexGuard<'static, ()> {
    let turn = process::turn();
    configured("");
    turn
}

/// What a TOML file says.
#[track_caller]
pub fn read(file: &str) -> Configuration {
    toml::from_str(file).expect(file)
}

/// Lets the process go by a file without mistakes.
#[track_caller]
pub fn configured(file: &str) {
    configure(&read(file)).expect(file);
}

/// What is wrong with a file that does not fit the breakers of the process.
#[track_caller]
pub fn mistakes(file: &str) -> Vec<String> {
    configure(&read(file)).expect_err(file).mistakes().to_vec()
}
