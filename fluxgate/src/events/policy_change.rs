//! Policy changes for listeners.

use std::time::SystemTime;

use crate::{name::Name, policy::Policy};

/// A change of a breaker's policy, as [listeners](crate::Listener::on_policy_change) receive it.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use fluxgate::{CircuitBreaker, Listener, PolicyChange, Signal, retries::Cooldown};
///
/// struct Audit(mpsc::Sender<String>);
///
/// impl Listener for Audit {
///     fn on_transition(&self, _: &Signal) {}
///
///     fn on_policy_change(&self, change: &PolicyChange) {
///         let _ = self.0.send(change.new_policy().to_string());
///     }
/// }
///
/// let (sender, changes) = mpsc::channel();
/// let breaker = CircuitBreaker::builder("search").listener(Audit(sender)).build()?;
/// breaker.set_policy(breaker.policy().retry(Cooldown(15)))?;
/// assert!(changes.recv().unwrap().contains("retry = Cooldown(15s)"));
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct PolicyChange {
    pub(crate) breaker: Name,
    pub(crate) label: Name,
    pub(crate) at: SystemTime,
    pub(crate) old: Policy,
    pub(crate) new: Policy,
}

impl PolicyChange {
    /// Creates a change at the current time, for tests of custom listeners.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Policy, PolicyChange, trippers::FailureStreak};
    ///
    /// let new = Policy::new().tripper(FailureStreak(5));
    /// let change = PolicyChange::new("search", Policy::new(), new);
    /// assert_eq!(change.breaker(), "search");
    /// assert!(change.new_policy().to_string().contains("FailureStreak(5)"));
    /// ```
    pub fn new(breaker: impl Into<Name>, old: Policy, new: Policy) -> Self {
        let breaker = breaker.into();
        Self { label: breaker.clone(), breaker, at: SystemTime::now(), old, new }
    }

    /// Returns the name of the breaker.
    pub fn breaker(&self) -> &str {
        self.breaker.as_str()
    }

    /// Returns the unique [label](crate::CircuitBreaker::label) of the breaker.
    pub fn label(&self) -> &str {
        self.label.as_str()
    }

    /// Returns the wall time of the change, by the breaker's [`Clock`](crate::Clock::wall_time).
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// Returns the previous policy. Its `Display` form is the policy language.
    pub fn old_policy(&self) -> &Policy {
        &self.old
    }

    /// Returns the new policy. Its `Display` form is the policy language.
    pub fn new_policy(&self) -> &Policy {
        &self.new
    }
}

impl std::fmt::Debug for PolicyChange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PolicyChange")
            .field("breaker", &self.breaker)
            .field("old_policy", self.old_policy())
            .field("new_policy", self.new_policy())
            .finish_non_exhaustive()
    }
}
