//! Transitions on their way to the listeners.

use std::{any::Any, collections::VecDeque};

use parking_lot::Mutex;

use crate::{listeners::Listener, signal::Signal, user_code};

/// Keeps signals in the order of the transitions while listeners run without a lock.
///
/// Whoever finds nobody delivering delivers all there is; the others leave theirs with it. So a listener never runs
/// twice at a time, and one that causes a transition hears of it after it has returned.
pub(crate) struct Outbox {
    listeners: Box<[Box<dyn Listener>]>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Signal>,
    delivering: bool,
}

impl Outbox {
    pub(crate) fn new(listeners: Vec<Box<dyn Listener>>) -> Self {
        Self { listeners: listeners.into_boxed_slice(), queue: Mutex::default() }
    }

    pub(crate) fn has_listeners(&self) -> bool {
        !self.listeners.is_empty()
    }

    pub(crate) fn counts_calls(&self) -> bool {
        self.listeners.iter().any(|listener| listener.counts_calls())
    }

    pub(crate) fn listener<L: Listener>(&self) -> Option<&L> {
        self.listeners.iter().find_map(|listener| (&**listener as &dyn Any).downcast_ref())
    }

    /// Called with the breaker locked, which is what makes the order that of the transitions.
    pub(crate) fn post(&self, signal: Signal) {
        self.queue.lock().waiting.push_back(signal);
    }

    /// Called with nothing locked.
    pub(crate) fn deliver(&self) {
        if !self.has_listeners() {
            return;
        }
        let mut queue = self.queue.lock();
        if queue.delivering {
            return;
        }
        while let Some(signal) = queue.waiting.pop_front() {
            queue.delivering = true;
            drop(queue);
            for listener in &self.listeners {
                user_code::run("listener", || listener.on_transition(&signal));
            }
            drop(signal);
            queue = self.queue.lock();
        }
        queue.delivering = false;
    }
}
