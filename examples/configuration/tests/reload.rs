//! Policies in a file that is watched: what is written there holds at once, for the calls that are in flight too. A
//! broken file is reported and changes nothing. And a restart in the middle of an outage, after which the breaker is still
//! open.

#[path = "../reload.rs"]
#[allow(dead_code, reason = "the main function is for the program alone")]
mod program;

use std::{fs, path::Path, time::Duration};

use anyhow::Context;
use fluxgate::{CircuitBreaker, Listener, Policy, PolicyChange, SavedState, Signal, State, retries::Cooldown};
use program::Watched;

/// The declared policy.
fn declared() -> Policy {
    Policy::new().window(fluxgate::windows::CountWindow(50)).retry(Cooldown(30))
}

/// Tells what becomes of the breaker.
struct Teller;

impl Listener for Teller {
    fn on_transition(&self, signal: &Signal) {
        println!("  {} is {}: {}", signal.breaker(), signal.new_state(), signal.reason());
    }

    fn on_policy_change(&self, change: &PolicyChange) {
        println!("  {} goes by {}", change.breaker(), change.new_policy());
    }
}

/// Writes the file as a careful program does: in one piece.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    println!("breakers.toml:\n    {}", text.trim().replace('\n', "\n    "));
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    Ok(fs::rename(new, path)?)
}

fn breaker() -> anyhow::Result<CircuitBreaker> {
    Ok(CircuitBreaker::builder("prices").policy(declared()).listener(Teller).build()?)
}

fn fail(breaker: &CircuitBreaker) -> bool {
    breaker.call(|| Err::<(), _>("the service is down")).is_err_and(|error| error.into_inner().is_some())
}

#[test]
fn a_file_that_changes_holds_at_once_and_a_broken_one_changes_nothing() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    // As the watcher names it, where the system's folder for such things is a link.
    let folder_path = folder.path().canonicalize()?;
    let file = folder_path.join("breakers.toml");
    let mut watched = Watched::new(file.clone())?;
    let breaker = &breaker()?;

    println!("The service fails, and the declared policy waits for fifty calls.");
    (0..8).for_each(|_| assert!(fail(breaker), "closed"));

    write(&file, "[breakers.prices]\ntripper = \"FailureStreak(5)\"\nretry = \"Cooldown(1m)\"\n")?;
    watched.reload()?;
    anyhow::ensure!(breaker.info().calls == 8, "the window has not forgotten them");
    anyhow::ensure!(fail(breaker) && breaker.info().state == State::Open, "the next failure is the ninth in a row");

    write(&file, "[breakers.prices]\ntripper = \"FailureStrike(5)\"\nretry = \"Cooldown(1s)\"\n")?;
    let error = watched.reload().err().context("there is no such tripper")?;
    println!("  nothing has changed: {error}");
    anyhow::ensure!(breaker.info().retry_after > Some(Duration::from_secs(50)), "not even the retry");

    write(
        &file,
        "[breakers.prices]\nwindow = \"CountWindow(10)\"\nretry = \"Cooldown(10s)\"\nmax_half_open_calls = 1\n",
    )?;
    watched.reload()?;
    anyhow::ensure!(breaker.info().retry_after <= Some(Duration::from_secs(10)), "from when it opened");

    println!("A cluster swaps the folder that the file is a link into, and an empty file comes between.");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        for (version, wait) in [("..1", "20s"), ("..2", "5s")] {
            let data = folder_path.join(version);
            fs::create_dir(&data)?;
            fs::write(data.join("breakers.toml"), format!("[breakers.prices]\nretry = \"Cooldown({wait})\"\n"))?;
        }
        symlink("..1", folder_path.join("..data"))?;
        fs::write(&file, "")?;
        fs::remove_file(&file)?;
        symlink("..data/breakers.toml", &file)?;
        watched.reload()?;
        symlink("..2", folder_path.join("..new"))?;
        fs::rename(folder_path.join("..new"), folder_path.join("..data"))?;
        watched.reload()?;
        anyhow::ensure!(breaker.policy().to_string().contains("retry = Cooldown(5s)"), "the swap was not seen");
    }

    println!("The program is deployed anew.");
    let saved = folder_path.join("prices.json");
    fs::write(&saved, serde_json::to_string(&breaker.saved_state())?)?;
    let restarted = self::breaker()?;
    restarted.restore(&serde_json::from_str::<SavedState>(&fs::read_to_string(&saved)?)?)?;
    anyhow::ensure!(!fail(&restarted), "it still spares the service");
    Ok(())
}
