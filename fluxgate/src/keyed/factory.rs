use std::{fmt::Display, sync::Arc};

use super::{
    overrides::{Aftermath, Own},
    set_core::{Member, SetCore},
};
#[cfg(feature = "config")]
use crate::breaker::overrides::OVERRIDES;
use crate::{
    breaker::{CircuitBreaker, builder::Builder},
    policy::error::PolicyError,
    registry::making,
    time::nanos::Nanos,
};

/// The key in the name of the breaker that new keys share where there is no room.
const OVERFLOW: &str = "*";

pub(super) type Configure = Arc<dyn Fn(Builder) -> Builder + Send + Sync>;

/// The part of a set that does not depend on the type of its keys: so it can be known, and its policy changed, before anybody knows their type.
#[derive(Clone)]
pub(super) struct Factory {
    pub(super) core: Arc<SetCore>,
    configure: Configure,
    /// For new keys where there is no room. Its clock is the set's.
    pub(super) overflow: CircuitBreaker,
}

impl Factory {
    pub(super) fn new(core: Arc<SetCore>, configure: Configure) -> Result<Self, PolicyError> {
        let member = Member::hidden(&core, &OVERFLOW);
        let builder = configure(member.builder());
        let (policy, shadow) = builder.own();
        policy.check()?;
        let _ = core.own.set(Own { policy: policy.clone(), shadow }); // once
        #[cfg(feature = "config")]
        let current = OVERRIDES.now();
        #[cfg(feature = "config")]
        core.apply(&current).conclude();
        let mut aftermath = Aftermath::default();
        let overflow = core.make(member.name().as_str(), builder, &mut aftermath)?;
        aftermath.conclude();
        core.enlist();
        #[cfg(feature = "config")]
        if let Some(aftermath) = OVERRIDES.settle_in_turn(&current, |now| core.apply(now)) {
            aftermath.conclude();
        }
        Ok(Self { core, configure, overflow })
    }

    /// Creates a set in which all keys share one unlisted breaker with the default policy: for the declaration of the
    /// family's set that uses it before it is made.
    #[cfg(feature = "macros")]
    pub(super) fn stand_in(core: Arc<SetCore>) -> Self {
        let overflow = Member::hidden(&core, &OVERFLOW).builder().build_stand_in();
        // The default policy is valid: a test makes one.
        let overflow = overflow.unwrap_or_else(|error| unreachable!("{error}"));
        Self { core, configure: Arc::new(|builder| builder), overflow }
    }

    /// Identifies the set among what is being made.
    pub(super) fn address(&self) -> usize {
        making::address(&*self.core)
    }

    /// Makes a breaker for a key. `aftermath` is for when it can be found.
    pub(super) fn make(
        &self,
        key: &dyn Display,
        now: Nanos,
        aftermath: &mut Aftermath,
    ) -> Result<CircuitBreaker, PolicyError> {
        let member = Member::new(&self.core, key, now);
        let builder = (self.configure)(member.builder());
        self.core.make(member.name().as_str(), builder, aftermath)
    }
}
