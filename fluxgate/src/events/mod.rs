//! Events that leave a breaker: transitions, policy changes, and calls seen by a tap.

pub(crate) mod history;
pub(crate) mod listener;
pub(crate) mod outbox;
pub(crate) mod policy_change;
pub(crate) mod signal;
#[cfg(feature = "recorder")]
pub(crate) mod tap;
