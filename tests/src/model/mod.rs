//! A breaker as the rules say it, to be held beside the real one.
//!
//! The model is sequential and naive: a list of records that is counted afresh for every decision, no lock, no counter,
//! no shortcut. It shares no code with the runtime but the policy language's spelling. Where chance decides, it takes
//! what the real breaker drew, and only says whether that could be drawn.

mod breaker;
mod driver;
mod figures;
mod policy;
mod step;
mod trace;

pub use driver::run;
pub use policy::{Cancelled, Permit, Policy, Retry, Tripper, Window};
pub use step::{End, Jump, Order, Step, Way};

/// Nanoseconds on the breaker's clock.
pub(crate) type Nanos = u64;

pub(crate) const SECOND: Nanos = 1_000_000_000;

/// The last moment at which anything may be due.
pub(crate) const LAST: Nanos = Nanos::MAX - 1;
