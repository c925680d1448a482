//! A policy in a file that is watched: what is written there is the policy at once, for the calls that are in flight too. A
//! broken file is told of and changes nothing. And a restart in the middle of an outage, after which the breaker is still
//! open.
//!
//! The program writes the file itself, and ends by itself:
//!
//! ```text
//! cargo run --example reload
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use anyhow::Context;
use fluxgate::{
    BreakerSnapshot, CircuitBreaker, Listener, Policy, PolicyChange, Signal, State, Tripper, Window, retries::Cooldown,
};
use notify::{RecursiveMode, Watcher};
use serde::Deserialize;

/// The file. What is not in it stays as it was declared.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    window: Option<String>,
    tripper: Option<String>,
    retry: Option<String>,
    max_half_open_calls: Option<u32>,
}

/// What the program declares.
fn declared() -> Policy {
    Policy::new().window(fluxgate::windows::CountWindow(50)).retry(Cooldown(30))
}

/// The policy in a file, all of it read before any of it counts.
fn read(path: &Path) -> anyhow::Result<Policy> {
    let file: File = toml::from_str(&fs::read_to_string(path)?)?;
    let mut policy = declared();
    if let Some(window) = file.window {
        policy = policy.window(window.parse::<Window>()?);
    }
    if let Some(tripper) = file.tripper {
        policy = policy.tripper(tripper.parse::<Tripper>()?);
    }
    if let Some(retry) = file.retry {
        policy = policy.retry(retry.parse::<fluxgate::Retry>()?);
    }
    if let Some(calls) = file.max_half_open_calls {
        policy = policy.max_half_open_calls(calls);
    }
    Ok(policy)
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

/// A file that is watched, and a breaker that goes by it.
struct Watched {
    path: PathBuf,
    changes: Receiver<()>,
    breaker: CircuitBreaker,
    // Watches for as long as it lives.
    _watcher: notify::RecommendedWatcher,
}

impl Watched {
    fn new(path: PathBuf, breaker: CircuitBreaker) -> anyhow::Result<Self> {
        let (tell, changes) = channel();
        let file = path.clone();
        // The folder is watched, for an editor may put another file in the place of the old one.
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let concerns = |event: &notify::Event| !event.kind.is_access() && event.paths.contains(&file);
            if event.as_ref().is_ok_and(concerns) {
                // Nobody listens any more: then the program is about to end.
                let _ = tell.send(());
            }
        })?;
        watcher.watch(path.parent().context("a file is in a folder")?, RecursiveMode::NonRecursive)?;
        Ok(Self { path, changes, breaker, _watcher: watcher })
    }

    /// Waits for a change of the file, and goes by it.
    fn reload(&self) -> anyhow::Result<()> {
        self.changes.recv_timeout(Duration::from_secs(10)).context("nobody told of the change")?;
        // One change is several events: the rest of them is waited for, so that no half of a file is read.
        while self.changes.recv_timeout(Duration::from_millis(100)).is_ok() {}
        let policy = read(&self.path)?;
        Ok(self.breaker.set_policy(policy)?)
    }

    /// Writes the file as a careful program does: in one piece.
    fn write(&self, text: &str) -> anyhow::Result<()> {
        println!("policy.toml:\n    {}", text.trim().replace('\n', "\n    "));
        let new = self.path.with_extension("new");
        fs::write(&new, text)?;
        Ok(fs::rename(new, &self.path)?)
    }
}

fn breaker() -> anyhow::Result<CircuitBreaker> {
    Ok(CircuitBreaker::builder("prices").policy(declared()).listener(Teller).build()?)
}

fn fail(breaker: &CircuitBreaker) -> bool {
    breaker.call(|| Err::<(), _>("the service is down")).is_err_and(|error| error.into_inner().is_some())
}

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    // As the watcher names it, where the system's folder for such things is a link.
    let folder_path = folder.path().canonicalize()?;
    let watched = Watched::new(folder_path.join("policy.toml"), breaker()?)?;
    let breaker = &watched.breaker;

    println!("The service fails, and the declared policy waits for fifty calls.");
    (0..8).for_each(|_| assert!(fail(breaker), "closed"));

    watched.write("tripper = \"FailureStreak(5)\"\nretry = \"Cooldown(1m)\"\n")?;
    watched.reload()?;
    anyhow::ensure!(breaker.info().calls == 8, "the window has not forgotten them");
    anyhow::ensure!(fail(breaker) && breaker.info().state == State::Open, "the next failure is the ninth in a row");

    watched.write("tripper = \"FailureStrike(5)\"\nretry = \"Cooldown(1s)\"\n")?;
    let error = watched.reload().err().context("there is no such tripper")?;
    println!("  nothing has changed: {error}");
    anyhow::ensure!(breaker.info().retry_after > Some(Duration::from_secs(50)), "not even the retry");

    watched.write("window = \"CountWindow(10)\"\nretry = \"Cooldown(10s)\"\nmax_half_open_calls = 1\n")?;
    watched.reload()?;
    anyhow::ensure!(breaker.info().retry_after <= Some(Duration::from_secs(10)), "from when it opened");

    println!("The program is deployed anew.");
    let saved = folder_path.join("prices.json");
    fs::write(&saved, serde_json::to_string(&breaker.snapshot())?)?;
    let restarted = self::breaker()?;
    restarted.restore(&serde_json::from_str::<BreakerSnapshot>(&fs::read_to_string(&saved)?)?)?;
    anyhow::ensure!(!fail(&restarted), "it still spares the service");
    Ok(())
}

#[test]
fn the_program_holds_what_it_says() {
    main().unwrap();
}
