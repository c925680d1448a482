//! Signals on their way to the thread that tells Slack.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

use super::Settings;
use crate::{events::signal::Signal, user_code};

/// A signal, and how the listener that heard it wants it told.
pub(super) struct Parcel {
    pub(super) signal: Signal,
    pub(super) settings: Arc<Settings>,
}

/// A bounded queue, whose lock is never held for longer than it takes to look at it.
#[derive(Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
    undelivered: AtomicU64,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Parcel>,
    /// One was taken and is being told.
    sending: bool,
    /// There is a thread that takes.
    served: bool,
    /// No more will come: the listeners are gone.
    closed: bool,
}

/// The result of an offer.
pub(super) enum Offer {
    Taken,
    /// Taken, but nobody serves the queue: whoever gets this has to see to it.
    TakenUnserved,
    Full,
}

impl Queue {
    pub(super) fn offer(&self, parcel: Parcel) -> Offer {
        let mut inner = self.inner.lock();
        if inner.waiting.len() >= parcel.settings.queue {
            return Offer::Full;
        }
        inner.waiting.push_back(parcel);
        self.changed.notify_all();
        if std::mem::replace(&mut inner.served, true) { Offer::Taken } else { Offer::TakenUnserved }
    }

    /// The next parcel, however long that takes. `None` once there will be none.
    pub(super) fn take(&self) -> Option<Parcel> {
        let mut inner = self.inner.lock();
        inner.sending = false;
        self.changed.notify_all();
        loop {
            if let Some(parcel) = inner.waiting.pop_front() {
                inner.sending = true;
                return Some(parcel);
            }
            if inner.closed {
                return None;
            }
            self.changed.wait(&mut inner);
        }
    }

    /// Nobody serves the queue any more.
    pub(super) fn abandon(&self) {
        let mut inner = self.inner.lock();
        self.count_lost(inner.sending.into());
        (inner.served, inner.sending) = (false, false);
        self.changed.notify_all();
    }

    /// Gives up all that waits, and says how many that were.
    pub(super) fn give_up(&self) -> usize {
        let given_up = std::mem::take(&mut self.inner.lock().waiting);
        self.changed.notify_all();
        given_up.len()
    }

    pub(super) fn close(&self) {
        self.inner.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits until all is told or given up. `false` if that took too long.
    pub(super) fn flush(&self, timeout: Duration) -> bool {
        let is_busy = |inner: &mut Inner| inner.sending || !inner.waiting.is_empty();
        let mut inner = self.inner.lock();
        if let Some(deadline) = Instant::now().checked_add(timeout) {
            return !self.changed.wait_while_until(&mut inner, is_busy, deadline).timed_out();
        }
        self.changed.wait_while(&mut inner, is_busy);
        true
    }

    pub(super) fn undelivered(&self) -> u64 {
        self.undelivered.load(Ordering::Relaxed)
    }

    /// Tells the log of a transition that Slack was not told of, and counts it.
    pub(super) fn lose(&self, signal: &Signal, error: &str) {
        self.count_lost(1);
        user_code::log(|| {
            tracing::warn!(
                target: "fluxgate",
                breaker = signal.label(),
                from = signal.old_state().as_str(),
                to = signal.new_state().as_str(),
                error,
                "could not tell Slack of a transition"
            );
        });
    }

    #[cfg(test)]
    pub(super) fn is_served(&self) -> bool {
        self.inner.lock().served
    }

    pub(super) fn count_lost(&self, lost: u64) {
        self.undelivered.fetch_add(lost, Ordering::Relaxed);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{CircuitBreaker, listeners::SlackListener};

    pub(in crate::listeners::slack) fn parcel() -> Parcel {
        let heard: Arc<Mutex<Option<Signal>>> = Arc::default();
        let hear = Arc::clone(&heard);
        let listener = move |signal: &Signal| *hear.lock() = Some(signal.clone());
        CircuitBreaker::builder("queue").listener(listener).build().unwrap().disable();
        let signal = heard.lock().take().unwrap();
        Parcel { signal, settings: SlackListener::new("token", "#channel").settings }
    }

    #[test]
    fn the_first_offer_and_the_first_after_its_thread_has_gone_find_it_unserved() {
        let queue = Queue::default();
        assert!(matches!(queue.offer(parcel()), Offer::TakenUnserved));
        assert!(matches!(queue.offer(parcel()), Offer::Taken));
        assert!(queue.take().is_some());
        queue.abandon();
        assert_eq!(queue.undelivered(), 1, "the one that was being told");
        assert!(matches!(queue.offer(parcel()), Offer::TakenUnserved));
        queue.abandon();
        assert_eq!(queue.undelivered(), 1, "none was");
    }

    #[test]
    fn what_waits_is_given_up_and_counted() {
        let queue = Queue::default();
        for _ in 0..3 {
            let _ = queue.offer(parcel());
        }
        assert!(!queue.flush(Duration::ZERO));
        assert_eq!((queue.give_up(), queue.give_up()), (3, 0));
        assert!(queue.flush(Duration::ZERO));
    }

    #[test]
    fn once_the_last_listener_is_gone_what_waits_is_taken_and_then_nothing() {
        let listener = SlackListener::new("token", "#channel");
        let queue = Arc::clone(&listener.handle.0);
        let _ = queue.offer(parcel());
        drop(listener.clone());
        drop(listener);
        assert!(queue.take().is_some());
        assert!(queue.take().is_none());
    }
}
