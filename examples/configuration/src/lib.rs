//! The file that the example `reload` watches.

use std::{env, fs, io, path::PathBuf, thread, time::Duration};

/// The contents of the file, one after the other. The second has a mistake.
const VERSIONS: [&str; 3] = [
    "[breakers.prices]\ntripper = \"FailureStreak(5)\"\n",
    "[breakers.prices]\ntripper = \"FailureStrike(5)\"\n",
    "[breakers.prices]\ntripper = \"FailureStreak(5)\"\nretry = \"Cooldown(10s)\"\n",
];

/// Returns the file that the program is called with, or one that is changed every second, three times.
///
/// # Errors
///
/// If the file can't be written.
pub fn file() -> io::Result<PathBuf> {
    if let Some(file) = env::args_os().nth(1) {
        return fs::canonicalize(file);
    }
    let folder = tempfile::tempdir()?;
    // As the watcher names it, where the system's folder for such files is a link.
    let file = folder.path().canonicalize()?.join("breakers.toml");
    let changed = file.clone();
    thread::spawn(move || {
        for version in VERSIONS {
            thread::sleep(Duration::from_secs(1));
            println!("\nbreakers.toml:\n{version}");
            fs::write(&changed, version)?;
        }
        // Until the program ends.
        thread::sleep(Duration::MAX);
        drop(folder);
        io::Result::Ok(())
    });
    Ok(file)
}
