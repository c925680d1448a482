//! Tests that need to see inside.

#[cfg(not(loom))]
mod lock_free;
#[cfg(loom)]
pub(crate) mod loom;
