//! The trait of listeners.

use crate::events::{policy_change::PolicyChange, signal::Signal};

/// An observer of a breaker's transitions. Implemented for every `Fn(&Signal) + Send + Sync + 'static`.
///
/// A listener runs on the thread of the call or command that caused the transition, so pass slow work to another thread.
/// The listeners of a breaker never run concurrently: signals wait in order while one is being delivered. A call or command
/// delivers at most 64 signals; a thread that is started for the purpose delivers the rest. If more than 65,536 signals
/// wait, the oldest are dropped, with a message in the log (feature `tracing`).
///
/// A panic in a listener is caught and logged. It affects neither the call nor other listeners.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Signal};
///
/// let breaker = CircuitBreaker::builder("search")
///     .listener(|signal: &Signal| println!("{}", signal.reason()))
///     .build()?;
/// breaker.force_open();
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("event", "observer", "hook", "callback", "on_state_change", "on_opened", "event_publisher", "instrument"))]
pub trait Listener: Send + Sync + 'static {
    /// Handles a transition. Called once for each.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use fluxgate::{CircuitBreaker, Listener, Signal, State};
    ///
    /// /// Counts the openings.
    /// struct Outages(AtomicU64);
    ///
    /// impl Listener for Outages {
    ///     fn on_transition(&self, signal: &Signal) {
    ///         if signal.new_state() == State::Open && signal.reopens() == 0 {
    ///             self.0.fetch_add(1, Ordering::Relaxed);
    ///         }
    ///     }
    /// }
    ///
    /// let outages = Outages(AtomicU64::new(0));
    /// let breaker = CircuitBreaker::builder("search").listener(outages).build()?;
    /// for _ in 0..100 {
    ///     let _ = breaker.call(|| Err::<(), _>("down"));
    /// }
    /// let outages = breaker.listener::<Outages>().unwrap();
    /// assert_eq!(outages.0.load(Ordering::Relaxed), 1);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn on_transition(&self, signal: &Signal);

    /// Handles a policy change. Called once for each successful [`set_policy`](crate::CircuitBreaker::set_policy), in order
    /// with the transitions.
    ///
    /// The default does nothing.
    ///
    /// # Examples
    ///
    /// See [`PolicyChange`].
    fn on_policy_change(&self, change: &PolicyChange) {
        let _ = change;
    }

    /// Returns whether the breaker counts the outcomes of its calls, for
    /// [`CircuitBreaker::totals`](crate::CircuitBreaker::totals).
    ///
    /// The default is `false`, because counting costs each call some nanoseconds. Called once, when the breaker is built.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Listener, Signal};
    ///
    /// /// Marks breakers for an exporter.
    /// struct Exported;
    ///
    /// impl Listener for Exported {
    ///     fn on_transition(&self, _: &Signal) {}
    ///
    ///     fn counts_calls(&self) -> bool {
    ///         true
    ///     }
    /// }
    ///
    /// let breaker = CircuitBreaker::builder("search").listener(Exported).build()?;
    /// let _ = breaker.call(|| Ok::<_, ()>(()));
    /// for breaker in fluxgate::registry() {
    ///     if breaker.listener::<Exported>().is_some() {
    ///         assert_eq!(breaker.totals().unwrap().successes, 1);
    ///     }
    /// }
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn counts_calls(&self) -> bool {
        false
    }
}

impl<F: Fn(&Signal) + Send + Sync + 'static> Listener for F {
    fn on_transition(&self, signal: &Signal) {
        self(signal);
    }
}
