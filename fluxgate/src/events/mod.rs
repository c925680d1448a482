//! What leaves a breaker: transitions and changes of its policy.

pub(crate) mod listener;
pub(crate) mod outbox;
pub(crate) mod policy_change;
pub(crate) mod signal;
