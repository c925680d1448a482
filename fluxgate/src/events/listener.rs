use crate::events::{policy_change::PolicyChange, signal::Signal};

/// Hears of every transition of a breaker. Every `Fn(&Signal)` that can be shared between threads is one.
///
/// It runs on the thread of a call or command, so hand what takes long to another thread. A breaker's listeners never run
/// twice at a time: signals wait for one that is at work, in their order. A call or command delivers at most 64 of them; a
/// thread that is started for it delivers the rest, then ends. Of more than 65,536 waiting signals the oldest are dropped,
/// which the log tells (feature `tracing`).
///
/// A panic in a listener is caught and logged. Neither the call nor the other listeners notice.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, Signal};
///
/// let breaker = CircuitBreaker::builder("search")
///     .listener(|signal: &Signal| println!("{} is {}: {}", signal.breaker(), signal.new_state(), signal.reason()))
///     .build()?;
/// breaker.force_open();
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias("event", "observer", "hook", "callback", "on_state_change", "on_opened", "event_publisher", "instrument"))]
pub trait Listener: Send + Sync + 'static {
    /// Called once for every transition.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use fluxgate::{CircuitBreaker, Listener, Signal, State};
    ///
    /// /// How often the breaker has opened.
    /// struct Outages(AtomicU64);
    ///
    /// impl Listener for Outages {
    ///     fn on_transition(&self, signal: &Signal) {
    ///         if (signal.old_state(), signal.new_state()) == (State::Closed, State::Open) {
    ///             self.0.fetch_add(1, Ordering::Relaxed);
    ///         }
    ///     }
    /// }
    ///
    /// let breaker = CircuitBreaker::builder("search").listener(Outages(AtomicU64::new(0))).build()?;
    /// for _ in 0..100 {
    ///     let _ = breaker.call(|| Err::<(), _>("down"));
    /// }
    /// let outages = breaker.listener::<Outages>().map(|outages| outages.0.load(Ordering::Relaxed));
    /// assert_eq!(outages, Some(1));
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    fn on_transition(&self, signal: &Signal);

    /// Called once for every [`set_policy`](crate::CircuitBreaker::set_policy) that succeeds, in order with the
    /// transitions. Does nothing unless said otherwise.
    ///
    /// # Examples
    ///
    /// See [`PolicyChange`].
    fn on_policy_change(&self, change: &PolicyChange) {
        let _ = change;
    }

    /// Whether a breaker with this listener counts the outcomes of its calls, for
    /// [`CircuitBreaker::totals`](crate::CircuitBreaker::totals). It does not unless said otherwise, for counting costs a
    /// call some nanoseconds. Asked once, when the breaker is built.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Listener, Signal};
    ///
    /// /// Shown by an exporter of one's own, which asks all breakers of the registry that have it.
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
    /// for breaker in fluxgate::registry().iter().filter(|breaker| breaker.listener::<Exported>().is_some()) {
    ///     assert_eq!(breaker.totals().unwrap().successes, 1);
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
