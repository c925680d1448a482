//! Policies in a file that is watched. Each change holds at once, and a broken file changes nothing.
//!
//! ```text
//! cargo run -p fluxgate-examples-configuration --example reload [breakers.toml]
//! ```

use std::{
    fs,
    path::PathBuf,
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use anyhow::Context;
use fluxgate::{breakers, configure};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

breakers! {
    PRICES { tripper = FailureStreak(20), retry = Cooldown(60s) }
}

/// A file of policies that is watched.
pub(crate) struct Watched {
    path: PathBuf,
    /// Something has happened in the folder.
    events: Receiver<()>,
    /// The text that holds.
    last: String,
    // Watches for as long as it lives.
    _watcher: RecommendedWatcher,
}

impl Watched {
    pub(crate) fn new(path: PathBuf) -> anyhow::Result<Self> {
        let (sender, events) = channel();
        // The whole folder is watched: editors replace the file, and Kubernetes swaps a link beside it, `..data`, to which
        // the file itself is a link.
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                // Fails once nobody receives any more.
                let _ = sender.send(());
            }
        })?;
        watcher.watch(path.parent().context("a file is in a folder")?, RecursiveMode::NonRecursive)?;
        Ok(Self { path, events, last: String::new(), _watcher: watcher })
    }

    /// Waits for the file to change, and configures the breakers by it.
    pub(crate) fn reload(&mut self) -> anyhow::Result<()> {
        loop {
            self.events.recv_timeout(Duration::from_secs(10)).context("the file has not changed")?;
            // One change is several events. Waiting for the rest of them keeps half a file from being read.
            while self.events.recv_timeout(Duration::from_millis(100)).is_ok() {}
            // A file that is missing or empty is being written. For no policies at all, write `[default]`.
            let text = fs::read_to_string(&self.path).unwrap_or_default();
            if text.trim().is_empty() || text == self.last {
                continue;
            }
            self.last.clone_from(&text);
            configure(&toml::from_str(&text)?)?;
            return Ok(());
        }
    }
}

fn main() -> anyhow::Result<()> {
    let mut watched = Watched::new(fluxgate_examples_configuration::file()?)?;
    println!("declared: {}", PRICES.policy());
    for _ in 0..3 {
        match watched.reload() {
            Ok(()) => println!("reloaded: {}", PRICES.policy()),
            Err(error) => println!("nothing changes: {error}"),
        }
    }
    Ok(())
}
