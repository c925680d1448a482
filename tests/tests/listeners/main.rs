//! Listeners: what they are told, and what logs and metrics show.

mod dashboard;
mod hostile_names;
mod log;
mod log_crate;
mod opentelemetry;
mod prometheus;
mod transitions;
