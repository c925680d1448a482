use std::{fmt::Display, sync::Arc};

use super::{
    family::{Family, Member},
    governing::{Aftermath, Own},
};
use crate::{breaker::CircuitBreaker, breaker::builder::Builder, error::PolicyError, name::Name, time::nanos::Nanos};

/// What stands for a key in the name of the breaker that new keys share where there is no room.
const OVERFLOW: &str = "*";

pub(super) type Configure = Arc<dyn Fn(Builder) -> Builder + Send + Sync>;

/// What a set is whatever its keys are: so it can be known, and its policy changed, before anybody knows their type.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) family: Arc<Family>,
    configure: Configure,
    /// For new keys where there is no room. Its clock is the set's.
    pub(super) overflow: CircuitBreaker,
}

impl Common {
    pub(super) fn new(name: Name, configure: Configure, exported_keys: usize) -> Result<Self, PolicyError> {
        let family = Family::new(name, exported_keys);
        let member = Member::in_reserve(&family, &OVERFLOW);
        let builder = configure(CircuitBreaker::builder(member));
        let (policy, shadow) = builder.own();
        let overflow = builder.build()?;
        family.enlist(Own { policy, shadow });
        Ok(Self { family, configure, overflow })
    }

    /// A breaker for a key. `aftermath` is for when the key is no longer locked.
    pub(super) fn make(
        &self,
        key: &dyn Display,
        now: Nanos,
        aftermath: &mut Aftermath,
    ) -> Result<(CircuitBreaker, Arc<Member>), PolicyError> {
        let member = Member::new(&self.family, key, now);
        let builder = (self.configure)(CircuitBreaker::builder(Arc::clone(&member)));
        Ok((self.family.make(member.text(), builder, aftermath)?, member))
    }
}
