//! The state of breakers across restarts of their program.

mod restore;
mod saved;
