//! Transitions on their way to the listeners.

use std::{any::Any, collections::VecDeque, mem, sync::Arc, thread};

use crate::{
    events::listener::Listener,
    events::{policy_change::PolicyChange, signal::Signal},
    name::Name,
    process,
    sync::Mutex,
    user_code::{self, Supplied},
};

/// Keeps signals in the order of the transitions while listeners run without a lock.
///
/// Whoever finds nobody delivering delivers what there is, up to a limit; the others leave theirs with it. So a listener
/// never runs twice at a time, and one that causes a transition hears of it after it has returned.
pub(crate) struct Outbox {
    /// Nothing for a breaker without listeners, of which most of a large number have none.
    served: Option<Arc<Served>>,
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
    breaker: Name,
    listeners: Vec<Supplied<dyn AnyListener>>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Message>,
    /// What was too much. It waits to be dropped with nothing locked, for parts of it are the user's own.
    surplus: Vec<Message>,
    /// The process in which somebody delivers. In a forked child nobody does.
    delivering: Option<u32>,
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

/// So many signals a caller delivers: its own and what others leave with it meanwhile. A thread delivers the rest, for a
/// call is not to pay for everybody's listeners.
const MOST_BY_A_CALLER: usize = 64;

impl Outbox {
    pub(crate) fn new(breaker: &Name, listeners: Vec<Supplied<dyn AnyListener>>) -> Self {
        let has_some = !listeners.is_empty();
        let served = || Arc::new(Served { breaker: breaker.clone(), listeners, queue: Mutex::default() });
        Self { served: has_some.then(served) }
    }

    pub(crate) fn has_listeners(&self) -> bool {
        self.served.is_some()
    }

    fn listeners(&self) -> impl Iterator<Item = &dyn AnyListener> {
        self.served.iter().flat_map(|served| &served.listeners).map(|listener| &**listener)
    }

    pub(crate) fn counts_calls(&self) -> bool {
        let Some(served) = &self.served else { return false };
        let counts = |listener: &Supplied<dyn AnyListener>| {
            user_code::run("listener", served.breaker.as_str(), || listener.counts_calls()).unwrap_or(false)
        };
        served.listeners.iter().any(counts)
    }

    pub(crate) fn listener<L: Listener>(&self) -> Option<&L> {
        self.listeners().find_map(|listener| listener.as_any().downcast_ref())
    }

    /// Called with the breaker locked, which is what makes the order that of the transitions.
    pub(crate) fn post(&self, message: impl Into<Message>) {
        let Some(served) = &self.served else { return };
        let mut queue = served.queue.lock();
        if queue.waiting.len() == MOST_WAITING {
            let oldest = queue.waiting.pop_front();
            queue.surplus.extend(oldest);
            queue.lost += 1;
        }
        queue.waiting.push_back(message.into());
    }

    /// Called with nothing locked.
    pub(crate) fn deliver(&self) {
        let Some(served) = &self.served else { return };
        if !served.begin() || served.deliver(MOST_BY_A_CALLER) {
            return;
        }
        let of_the_thread = Arc::clone(served);
        let rest = move || {
            of_the_thread.deliver(usize::MAX);
        };
        let started = thread::Builder::new().name("fluxgate-listeners".to_owned()).spawn(rest);
        if started.is_err() {
            // Where no thread can be started, the caller has to do it.
            served.deliver(usize::MAX);
        }
    }
}

impl Served {
    /// Takes it upon the caller to deliver. Returns `false` if there is nothing to deliver, or somebody else does.
    fn begin(&self) -> bool {
        let mut queue = self.queue.lock();
        let surplus = mem::take(&mut queue.surplus);
        let begins = !queue.waiting.is_empty() && queue.delivering != Some(process::id());
        if begins {
            queue.delivering = Some(process::id());
        }
        drop(queue);
        drop(surplus);
        begins
    }

    /// Delivers so many messages. Returns `false`, and is to be called again, if others are still waiting.
    fn deliver(&self, most: usize) -> bool {
        for _ in 0..most {
            let mut queue = self.queue.lock();
            let Some(message) = queue.waiting.pop_front() else {
                queue.delivering = None;
                return true;
            };
            let lost = mem::take(&mut queue.lost);
            drop(queue);
            let breaker = self.breaker.as_str();
            if lost > 0 {
                log_lost_signals(breaker, lost);
            }
            for listener in &self.listeners {
                user_code::run("listener", breaker, || message.tell(&**listener));
            }
        }
        let mut queue = self.queue.lock();
        if queue.waiting.is_empty() {
            queue.delivering = None;
        }
        queue.delivering.is_none()
    }
}

/// Tells of transitions that a listener never heard of, because it was at work on another all the while.
fn log_lost_signals(breaker: &str, lost: u64) {
    user_code::log(|| {
        #[cfg(feature = "tracing")]
        tracing::error!(target: "fluxgate", breaker, lost, "listener too slow: {lost} transitions dropped");
        let _ = (breaker, lost); // named in the log alone
    });
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::{Arc, Mutex};

    use crate::{CircuitBreaker, Signal, State, process};

    #[test]
    fn a_forked_child_delivers_what_nobody_in_it_is_delivering() {
        let heard: Arc<Mutex<Vec<State>>> = Arc::default();
        let listener = {
            let heard = Arc::clone(&heard);
            move |signal: &Signal| heard.lock().unwrap().push(signal.new_state())
        };
        let breaker = CircuitBreaker::builder("forked").listener(listener).build().unwrap();
        let served = breaker.shared.outbox.served.as_ref().unwrap();
        served.queue.lock().delivering = Some(process::id().wrapping_add(1));
        breaker.force_open();
        assert_eq!(*heard.lock().unwrap(), [State::ForcedOpen]);
    }
}
