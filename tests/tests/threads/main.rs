//! Many threads.

mod histories;
mod hurtful_listeners;
mod records;
mod soak;
mod thread_ends;
