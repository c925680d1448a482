//! Overrides of the program's own settings, which policy files set. Breakers do not know where they come from.

#[cfg(all(feature = "config", feature = "keyed"))]
use std::collections::BTreeMap;
#[cfg(feature = "config")]
use std::sync::{Arc, LazyLock};

#[cfg(feature = "config")]
use crate::{
    breaker::{CircuitBreaker, set_policy::Replaced},
    machine::reason::Reason,
    policy::error::PolicyError,
    sync::versioned::Versioned,
    user_code,
};
use crate::{policy::Policy, state::State};

/// Replaces settings of a breaker. `None` leaves a setting to the program.
#[derive(Clone, Default)]
pub(crate) struct Override {
    /// A complete and valid policy.
    pub(crate) policy: Option<Policy>,
    pub(crate) shadow: Option<bool>,
    pub(crate) state: Option<State>,
    /// Explains why there is no policy, although there should be one.
    #[cfg(feature = "config")]
    pub(crate) refused: Option<PolicyError>,
}

impl Override {
    pub(crate) fn is_empty(&self) -> bool {
        self.policy.is_none() && self.shadow.is_none() && self.state.is_none()
    }
}

/// The overrides of a process, by the names of breakers and sets.
#[cfg(feature = "config")]
pub(crate) trait Overrides: Send + Sync {
    /// Returns the override of a breaker or of a whole set. `policy` is the program's.
    fn of(&self, name: &str, policy: &Policy) -> Override;

    /// Returns the overrides of single breakers of a set, by their names.
    #[cfg(feature = "keyed")]
    fn of_keys(&self, set: &str, policy: &Policy) -> BTreeMap<String, Override>;
}

/// The overrides that hold now. `None` until there are any.
#[cfg(feature = "config")]
pub(crate) type Current = Option<Arc<dyn Overrides>>;

/// The overrides that hold now, to which new breakers look.
#[cfg(feature = "config")]
pub(crate) static OVERRIDES: LazyLock<Versioned<Current>> = LazyLock::new(|| Versioned::new(None));

/// The program's settings that an override has replaced, and the state that it has set.
#[cfg(feature = "config")]
#[derive(Clone, Default)]
pub(crate) struct Overridden {
    policy: Option<Policy>,
    shadow: Option<bool>,
    state: Option<State>,
}

#[cfg(feature = "config")]
impl Overridden {
    /// Returns `None` if nothing is replaced.
    pub(super) fn new(by: &Override, policy: Policy, shadow: bool) -> Option<Box<Self>> {
        let replaced = Self {
            policy: by.policy.is_some().then_some(policy),
            shadow: by.shadow.is_some().then_some(shadow),
            state: by.state,
        };
        (!by.is_empty()).then(|| Box::new(replaced))
    }
}

/// The effects of an override that must wait until nothing is locked: listeners are told, and parts of the old policy, which
/// may be the user's, are dropped.
#[cfg(feature = "config")]
#[must_use = "listeners must be told"]
pub(crate) struct Applied {
    breaker: CircuitBreaker,
    replaced: Option<Replaced>,
    refused: Option<PolicyError>,
}

#[cfg(feature = "config")]
impl Applied {
    pub(crate) fn conclude(self) {
        drop(self.replaced);
        if let Some(error) = self.refused {
            log_refused(self.breaker.label(), &error);
        }
        self.breaker.notify_listeners();
    }
}

#[cfg(feature = "config")]
impl CircuitBreaker {
    /// Returns the program's policy of this breaker.
    pub(crate) fn program_policy(&self) -> Policy {
        let core = self.shared.core.lock();
        let overridden = core.overridden.as_ref().and_then(|overridden| overridden.policy.clone());
        overridden.unwrap_or_else(|| Policy::from(&core.rules))
    }

    /// Applies the overrides that hold now in place of former ones. Only one thread at a time may apply overrides to a breaker.
    pub(crate) fn apply(&self, overrides: &Current) -> Applied {
        let program = self.program_policy();
        let new = overrides.as_ref().map(|overrides| overrides.of(self.name(), &program)).unwrap_or_default();
        let old = self.shared.core.lock().overridden.clone().unwrap_or_default();
        let mut applied = Applied { breaker: self.clone(), replaced: None, refused: new.refused.clone() };
        if let Some(policy) = new.policy.as_ref().or(old.policy.as_ref()) {
            if self.policy() != *policy {
                // It was checked.
                applied.replaced = self.adopt(policy.clone()).ok();
            }
        }
        let mut core = self.shared.core.lock();
        let shadow = old.shadow.unwrap_or(core.shadow);
        core.shadow = new.shadow.unwrap_or(shadow);
        self.publish(&core);
        let overridden = std::mem::replace(&mut core.overridden, Overridden::new(&new, program, shadow));
        drop(core);
        drop(overridden);
        self.apply_state(old.state, new.state);
        applied
    }

    /// Sets the state `new` of an override. If it has none, resets a breaker that is still in the state `old`.
    pub(crate) fn apply_state(&self, old: Option<State>, new: Option<State>) {
        let now = self.now();
        let mut core = self.shared.core.lock();
        let state = core.machine.state;
        let to = match (old, new) {
            (_, Some(to)) if state == to => {
                core.state_is_configured = true;
                return;
            }
            (_, Some(to)) => to,
            (Some(old), None) if state == old => State::Closed,
            (_, None) => return,
        };
        self.take_successes(&mut core);
        self.enter(&mut core, to, now, Reason::Configured);
        drop(core);
        #[cfg(feature = "recorder")]
        self.tap_command(to);
    }
}

/// Logs that an override does not fit a breaker or a set.
#[cfg(feature = "config")]
pub(crate) fn log_refused(name: &str, error: &PolicyError) {
    user_code::log(|| {
        #[cfg(feature = "tracing")]
        tracing::error!(
            target: "fluxgate",
            breaker = name,
            %error,
            "the policy file does not fit a circuit breaker, which keeps the policy of the program"
        );
        let _ = (name, error); // named in the log alone
    });
}
