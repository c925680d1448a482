//! The machine, on which the numbers depend.

use std::{env::consts, fs, thread};

/// The processor, its cores, and the compiler, in a sentence.
pub(crate) fn facts() -> String {
    let cores = thread::available_parallelism().map_or_else(|_| "unknown".to_owned(), |cores| cores.to_string());
    let model = model().unwrap_or_else(|| "unknown processor".to_owned());
    let compiler = match env!("COMPILER") {
        "" => "unknown compiler",
        version => version,
    };
    format!("{model}, cores: {cores}, {} `{}`, {compiler}", consts::OS, consts::ARCH)
}

/// As Linux tells it, and other systems do not.
fn model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Returns the number of times that the scheduler has taken the core away from this thread. Always 0 where the system does not tell; going to
/// sleep at a lock does not count.
pub(crate) fn interruptions() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let count = status.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// The version of a package that this program was built with.
pub(crate) fn version(package: &str) -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let name = format!("name = \"{package}\"\nversion = \"");
    lock.split_once(name.as_str()).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(version, _)| version)
}
