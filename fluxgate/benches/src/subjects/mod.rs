//! The subjects: the bare call, Fluxgate, a file for each peer, and what the machine charges.

pub(crate) mod bare;
pub(crate) mod breaker;
pub(crate) mod circuitbreaker_rs;
pub(crate) mod failsafe;
pub(crate) mod fluxgate;
pub(crate) mod nobreak;
pub(crate) mod recloser;
pub(crate) mod reference;
pub(crate) mod tower_resilience;

use std::time::Duration;

use crate::{
    goal::Goal,
    traffic::{Tally, Traffic},
};

/// Longer than any run, so that a breaker that has opened stays open.
pub(crate) const COOLDOWN: Duration = Duration::from_secs(24 * 60 * 60);

/// A thread's way through a breaker: makes so many calls of that traffic.
pub(crate) type Worker = Box<dyn FnMut(Traffic, u64) -> Tally>;

/// A breaker, from which every thread takes a worker of its own.
pub(crate) type Shared = Box<dyn Fn() -> Worker + Send + Sync>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The bare call, whose time is subtracted from the others.
    Bare,
    /// No breaker, but a cost worth knowing.
    Reference,
    Ours,
    Peer,
}

pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) goal: Option<Goal>,
    /// True if a thousand failures open it, so that its policy can be seen to be at work.
    pub(crate) trips: bool,
    pub(crate) max_threads: usize,
    build: Box<dyn Fn() -> Shared>,
}

impl Subject {
    /// `build` makes a new breaker and returns a worker, whose clones share it.
    pub(crate) fn new<W>(name: impl Into<String>, role: Role, build: impl Fn() -> W + 'static) -> Self
    where
        W: FnMut(Traffic, u64) -> Tally + Clone + Send + Sync + 'static,
    {
        let build = Box::new(move || -> Shared {
            let worker = build();
            Box::new(move || Box::new(worker.clone()))
        });
        let trips = matches!(role, Role::Ours | Role::Peer);
        Self { name: name.into(), role, goal: None, trips, max_threads: usize::MAX, build }
    }

    pub(crate) fn goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    /// Says that the policy opens by no number of failures within the time of a run.
    pub(crate) fn never_trips(self) -> Self {
        Self { trips: false, ..self }
    }

    pub(crate) fn one_thread_only(self) -> Self {
        Self { max_threads: 1, ..self }
    }

    pub(crate) fn build(&self) -> Shared {
        (self.build)()
    }
}

/// A reference to what lives as long as the program, as a static would: no counted pointer on the way to a breaker.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}
