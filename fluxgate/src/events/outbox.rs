//! The delivery of events to listeners.

use std::{any::Any, collections::VecDeque, mem, sync::Arc, thread};

use crate::{
    events::listener::Listener,
    events::{policy_change::PolicyChange, signal::Signal},
    name::Name,
    process,
    sync::Mutex,
    user_code::{self, Supplied},
};

/// A queue that keeps events in order while listeners run without a lock.
///
/// A thread that finds no delivery under way delivers what is queued, up to a limit; other threads only queue. So listeners
/// never run concurrently, and a listener that causes a transition receives it after it has returned.
pub(crate) struct Outbox {
    /// `None` without listeners, which saves memory where there are many breakers.
    delivery: Option<Arc<Delivery>>,
}

/// A listener that can be looked up by its type.
pub(crate) trait AnyListener: Listener {
    fn as_any(&self) -> &dyn Any;
}

impl<L: Listener> AnyListener for L {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Delivery {
    breaker: Name,
    listeners: Vec<Supplied<dyn AnyListener>>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Message>,
    /// Messages beyond the limit. They are dropped later without a lock, because parts of them are user types.
    discarded: Vec<Message>,
    /// The id of the process in which a delivery is under way. A forked child has none under way.
    delivering_in: Option<u32>,
    /// The number of messages that were discarded and not logged yet.
    lost: u64,
}

/// An event for listeners.
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
    fn notify(&self, listener: &dyn AnyListener) {
        match self {
            Self::Transition(signal) => listener.on_transition(signal),
            Self::PolicyChange(change) => listener.on_policy_change(change),
        }
    }
}

/// The number of messages that may wait for a listener that blocks: about a dozen megabytes. Beyond that the oldest are
/// discarded, to bound the memory.
const MAX_WAITING: usize = 1 << 16;

/// The number of messages that a caller delivers, including those that others queue meanwhile. A thread delivers the rest,
/// so that a call does not pay for the events of all others.
const MAX_BY_CALLER: usize = 64;

impl Outbox {
    pub(crate) fn new(breaker: &Name, listeners: Vec<Supplied<dyn AnyListener>>) -> Self {
        let has_listeners = !listeners.is_empty();
        let delivery = || Arc::new(Delivery { breaker: breaker.clone(), listeners, queue: Mutex::default() });
        Self { delivery: has_listeners.then(delivery) }
    }

    pub(crate) fn has_listeners(&self) -> bool {
        self.delivery.is_some()
    }

    fn listeners(&self) -> impl Iterator<Item = &dyn AnyListener> {
        self.delivery.iter().flat_map(|delivery| &delivery.listeners).map(|listener| &**listener)
    }

    pub(crate) fn counts_calls(&self) -> bool {
        let Some(delivery) = &self.delivery else { return false };
        let counts = |listener: &Supplied<dyn AnyListener>| {
            user_code::run("listener", delivery.breaker.as_str(), || listener.counts_calls()).unwrap_or(false)
        };
        delivery.listeners.iter().any(counts)
    }

    pub(crate) fn listener<L: Listener>(&self) -> Option<&L> {
        self.listeners().find_map(|listener| listener.as_any().downcast_ref())
    }

    /// Queues an event. The breaker's lock must be held, so that events are in the order of the changes.
    pub(crate) fn post(&self, message: impl Into<Message>) {
        let Some(delivery) = &self.delivery else { return };
        let mut queue = delivery.queue.lock();
        if queue.waiting.len() == MAX_WAITING {
            let oldest = queue.waiting.pop_front();
            queue.discarded.extend(oldest);
            queue.lost += 1;
        }
        queue.waiting.push_back(message.into());
    }

    /// Delivers queued events, unless a delivery is under way. No lock may be held.
    pub(crate) fn deliver(&self) {
        let Some(delivery) = &self.delivery else { return };
        if !delivery.begin() || delivery.deliver(MAX_BY_CALLER) {
            return;
        }
        let thread_delivery = Arc::clone(delivery);
        let rest = move || {
            thread_delivery.deliver(usize::MAX);
        };
        let started = thread::Builder::new().name("fluxgate-listeners".to_owned()).spawn(rest);
        if started.is_err() {
            // No thread could be started, so the caller delivers the rest.
            delivery.deliver(usize::MAX);
        }
    }
}

impl Delivery {
    /// Makes the caller the one that delivers. Returns `false` if nothing is queued or a delivery is under way.
    fn begin(&self) -> bool {
        let mut queue = self.queue.lock();
        let discarded = mem::take(&mut queue.discarded);
        let begins = !queue.waiting.is_empty() && queue.delivering_in != Some(process::id());
        if begins {
            queue.delivering_in = Some(process::id());
        }
        drop(queue);
        drop(discarded);
        begins
    }

    /// Delivers up to `limit` messages. Returns `false` if others are still waiting: then it has to be called again.
    fn deliver(&self, limit: usize) -> bool {
        for _ in 0..limit {
            let mut queue = self.queue.lock();
            let Some(message) = queue.waiting.pop_front() else {
                queue.delivering_in = None;
                return true;
            };
            let lost = mem::take(&mut queue.lost);
            drop(queue);
            let breaker = self.breaker.as_str();
            if lost > 0 {
                log_lost(breaker, lost);
            }
            for listener in &self.listeners {
                user_code::run("listener", breaker, || message.notify(&**listener));
            }
        }
        let mut queue = self.queue.lock();
        if queue.waiting.is_empty() {
            queue.delivering_in = None;
        }
        queue.delivering_in.is_none()
    }
}

/// Logs that messages were discarded because a listener was too slow.
fn log_lost(breaker: &str, lost: u64) {
    user_code::log(|| {
        #[cfg(feature = "tracing")]
        tracing::error!(target: "fluxgate", breaker, lost, "listener too slow: {lost} transitions dropped");
        let _ = (breaker, lost); // used only by the log
    });
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::{Arc, Mutex};

    use crate::{CircuitBreaker, Signal, State, process};

    #[test]
    fn a_forked_child_delivers_though_its_parent_was_delivering_when_it_forked() {
        let delivered: Arc<Mutex<Vec<State>>> = Arc::default();
        let listener = {
            let delivered = Arc::clone(&delivered);
            move |signal: &Signal| delivered.lock().unwrap().push(signal.new_state())
        };
        let breaker = CircuitBreaker::builder("forked").listener(listener).build().unwrap();
        let delivery = breaker.shared.outbox.delivery.as_ref().unwrap();
        delivery.queue.lock().delivering_in = Some(process::id().wrapping_add(1));
        breaker.force_open();
        assert_eq!(*delivered.lock().unwrap(), [State::ForcedOpen]);
    }
}
