//! Tests that need access to private items.

#[cfg(not(loom))]
mod lock_free;
#[cfg(loom)]
pub(crate) mod loom;
