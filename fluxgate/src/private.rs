//! What the expansions of the macros may name. Nothing here is meant for people.

pub use inventory;

use crate::declared::DeclaredBreaker;

/// A declared breaker, as it is registered when the program is linked.
pub struct Declared(pub &'static DeclaredBreaker);

inventory::collect!(Declared);
