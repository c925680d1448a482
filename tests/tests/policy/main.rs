//! The parts of a policy, and a new one while a breaker runs.

mod builder;
mod classifiers;
mod hostile_text;
mod own_components;
mod reasons;
mod set_policy;
mod thresholds;
mod trackers;
mod values;
