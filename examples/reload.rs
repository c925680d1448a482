//! Policies in a file that is watched: what is written there holds at once, for the calls that are in flight too. A
//! broken file is told of and changes nothing. And a restart in the middle of an outage, after which the breaker is still
//! open.
//!
//! The program writes the file itself, and ends by itself:
//!
//! ```text
//! cargo run --example reload
//! ```

use std::{
    cell::RefCell,
    fs,
    path::PathBuf,
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use anyhow::Context;
use fluxgate::{
    CircuitBreaker, Listener, Policy, PolicyChange, SavedState, Signal, State, configure, retries::Cooldown,
};
use notify::{RecursiveMode, Watcher};

/// What the program declares.
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

/// A file that is watched, and a breaker that goes by it.
struct Watched {
    path: PathBuf,
    /// Something has happened in the folder.
    events: Receiver<()>,
    /// What the breakers go by.
    last: RefCell<String>,
    breaker: CircuitBreaker,
    // Watches for as long as it lives.
    _watcher: notify::RecommendedWatcher,
}

impl Watched {
    fn new(path: PathBuf, breaker: CircuitBreaker) -> anyhow::Result<Self> {
        let (tell, events) = channel();
        // The whole folder is watched: an editor puts another file in the place of the old one, and Kubernetes swaps a link
        // beside it, `..data`, to which the file itself is a link.
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                // Nobody listens any more: then the program is about to end.
                let _ = tell.send(());
            }
        })?;
        watcher.watch(path.parent().context("a file is in a folder")?, RecursiveMode::NonRecursive)?;
        Ok(Self { path, events, last: RefCell::default(), breaker, _watcher: watcher })
    }

    /// Waits for another content of the file, and goes by it.
    fn reload(&self) -> anyhow::Result<()> {
        loop {
            self.events.recv_timeout(Duration::from_secs(10)).context("nobody told of a change")?;
            // One change is several events: the rest of them is waited for, so that no half of a file is read.
            while self.events.recv_timeout(Duration::from_millis(100)).is_ok() {}
            // A file that is gone or empty is being written. To be without policies, let a file say `[default]`.
            let text = fs::read_to_string(&self.path).unwrap_or_default();
            if text.trim().is_empty() || text == *self.last.borrow() {
                continue;
            }
            self.last.replace(text.clone());
            // What is not in it stays as it was declared. With a mistake anywhere, nothing changes.
            configure(&toml::from_str(&text)?)?;
            return Ok(());
        }
    }

    /// Writes the file as a careful program does: in one piece.
    fn write(&self, text: &str) -> anyhow::Result<()> {
        println!("breakers.toml:\n    {}", text.trim().replace('\n', "\n    "));
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
    let watched = Watched::new(folder_path.join("breakers.toml"), breaker()?)?;
    let breaker = &watched.breaker;

    println!("The service fails, and the declared policy waits for fifty calls.");
    (0..8).for_each(|_| assert!(fail(breaker), "closed"));

    watched.write("[breakers.prices]\ntripper = \"FailureStreak(5)\"\nretry = \"Cooldown(1m)\"\n")?;
    watched.reload()?;
    anyhow::ensure!(breaker.info().calls == 8, "the window has not forgotten them");
    anyhow::ensure!(fail(breaker) && breaker.info().state == State::Open, "the next failure is the ninth in a row");

    watched.write("[breakers.prices]\ntripper = \"FailureStrike(5)\"\nretry = \"Cooldown(1s)\"\n")?;
    let error = watched.reload().err().context("there is no such tripper")?;
    println!("  nothing has changed: {error}");
    anyhow::ensure!(breaker.info().retry_after > Some(Duration::from_secs(50)), "not even the retry");

    watched.write(
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
        fs::write(&watched.path, "")?;
        fs::remove_file(&watched.path)?;
        symlink("..data/breakers.toml", &watched.path)?;
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

#[test]
fn the_program_holds_what_it_says() {
    main().unwrap();
}
