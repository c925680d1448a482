//! Transitions on their way to the listeners.

use std::{any::Any, collections::VecDeque, mem};

use crate::{events::policy_change::PolicyChange, events::signal::Signal, listeners::Listener, sync::Mutex, user_code};

/// Keeps signals in the order of the transitions while listeners run without a lock.
///
/// Whoever finds nobody delivering delivers all there is; the others leave theirs with it. So a listener never runs
/// twice at a time, and one that causes a transition hears of it after it has returned.
pub(crate) struct Outbox {
    /// Nothing for a breaker without listeners, of which most of a large number have none.
    served: Option<Box<Served>>,
}

/// A listener that can be asked for by its type.
pub(crate) trait AnyListener: Listener {
    fn as_any(&self) -> &dyn Any;
}

impl<L: Listener> AnyListener for L {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Served {
    listeners: Vec<Box<dyn AnyListener>>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Message>,
    delivering: bool,
    /// How many signals were dropped because too many were waiting.
    lost: u64,
}

/// What listeners are told.
pub(crate) enum Message {
    Transition(Signal),
    PolicyChange(PolicyChange),
}

impl From<Signal> for Message {
    fn from(signal: Signal) -> Self {
        Self::Transition(signal)
    }
}

impl From<PolicyChange> for Message {
    fn from(change: PolicyChange) -> Self {
        Self::PolicyChange(change)
    }
}

impl Message {
    fn breaker(&self) -> &str {
        match self {
            Self::Transition(signal) => signal.breaker(),
            Self::PolicyChange(change) => change.breaker(),
        }
    }

    fn tell(&self, listener: &dyn AnyListener) {
        match self {
            Self::Transition(signal) => listener.on_transition(signal),
            Self::PolicyChange(change) => listener.on_policy_change(change),
        }
    }
}

/// So many signals wait for a listener that blocks: a dozen megabytes. Of more the oldest are dropped, for memory is not
/// to grow for ever.
const MOST_WAITING: usize = 1 << 16;

impl Outbox {
    pub(crate) fn new(listeners: Vec<Box<dyn AnyListener>>) -> Self {
        let has_some = !listeners.is_empty();
        Self { served: has_some.then(|| Box::new(Served { listeners, queue: Mutex::default() })) }
    }

    pub(crate) fn has_listeners(&self) -> bool {
        self.served.is_some()
    }

    fn listeners(&self) -> impl Iterator<Item = &dyn AnyListener> {
        self.served.iter().flat_map(|served| &served.listeners).map(|listener| &**listener)
    }

    pub(crate) fn counts_calls(&self) -> bool {
        self.listeners().any(Listener::counts_calls)
    }

    pub(crate) fn listener<L: Listener>(&self) -> Option<&L> {
        self.listeners().find_map(|listener| listener.as_any().downcast_ref())
    }

    /// Called with the breaker locked, which is what makes the order that of the transitions.
    pub(crate) fn post(&self, message: impl Into<Message>) {
        let Some(served) = &self.served else { return };
        let mut queue = served.queue.lock();
        if queue.waiting.len() == MOST_WAITING {
            queue.waiting.pop_front();
            queue.lost += 1;
        }
        queue.waiting.push_back(message.into());
    }

    /// Called with nothing locked.
    pub(crate) fn deliver(&self) {
        let Some(served) = &self.served else { return };
        let mut queue = served.queue.lock();
        if queue.delivering {
            return;
        }
        while let Some(message) = queue.waiting.pop_front() {
            queue.delivering = true;
            let lost = mem::take(&mut queue.lost);
            drop(queue);
            if lost > 0 {
                user_code::log_lost_signals(message.breaker(), lost);
            }
            for listener in &served.listeners {
                user_code::run("listener", || message.tell(&**listener));
            }
            drop(message);
            queue = served.queue.lock();
        }
        queue.delivering = false;
    }
}
