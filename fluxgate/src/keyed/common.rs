use std::{fmt::Display, sync::Arc};

use super::{
    family::{Family, Member},
    overrides::{Aftermath, Own},
};
#[cfg(feature = "config")]
use crate::breaker::overrides::OVERRIDES;
use crate::{
    breaker::{CircuitBreaker, builder::Builder},
    policy::error::PolicyError,
    registry::making,
    time::nanos::Nanos,
};

/// What stands for a key in the name of the breaker that new keys share where there is no room.
const OVERFLOW: &str = "*";

pub(super) type Configure = Arc<dyn Fn(Builder) -> Builder + Send + Sync>;

/// The part of a set that does not depend on the type of its keys: so it can be known, and its policy changed, before anybody knows their type.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) family: Arc<Family>,
    configure: Configure,
    /// For new keys where there is no room. Its clock is the set's.
    pub(super) overflow: CircuitBreaker,
}

impl Common {
    pub(super) fn new(family: Arc<Family>, configure: Configure) -> Result<Self, PolicyError> {
        let member = Member::in_reserve(&family, &OVERFLOW);
        let builder = configure(member.builder());
        let (policy, shadow) = builder.own();
        policy.check()?;
        let _ = family.own.set(Own { policy: policy.clone(), shadow }); // once
        #[cfg(feature = "config")]
        let current = OVERRIDES.now();
        #[cfg(feature = "config")]
        family.apply(&current).conclude();
        let mut aftermath = Aftermath::default();
        let overflow = family.make(member.name().as_str(), builder, &mut aftermath)?;
        aftermath.conclude();
        family.enlist();
        #[cfg(feature = "config")]
        if let Some(aftermath) = OVERRIDES.settle_in_turn(&current, |now| family.apply(now)) {
            aftermath.conclude();
        }
        Ok(Self { family, configure, overflow })
    }

    /// Creates a set in which all keys share one unlisted breaker with the default policy: for the declaration of the
    /// family's set that uses it before it is made.
    #[cfg(feature = "macros")]
    pub(super) fn stand_in(family: Arc<Family>) -> Self {
        let overflow = Member::in_reserve(&family, &OVERFLOW).builder().build_stand_in();
        // The default policy is valid: a test makes one.
        let overflow = overflow.unwrap_or_else(|error| unreachable!("{error}"));
        Self { family, configure: Arc::new(|builder| builder), overflow }
    }

    /// Identifies the set among what is being made.
    pub(super) fn address(&self) -> usize {
        making::address(&*self.family)
    }

    /// Makes a breaker for a key. `aftermath` is for when it can be found.
    pub(super) fn make(
        &self,
        key: &dyn Display,
        now: Nanos,
        aftermath: &mut Aftermath,
    ) -> Result<CircuitBreaker, PolicyError> {
        let member = Member::new(&self.family, key, now);
        let builder = (self.configure)(member.builder());
        self.family.make(member.name().as_str(), builder, aftermath)
    }
}
