//! The policy language: what is read, what is refused, and with which words.

mod grammar;
mod hostile;
mod mistakes;
mod policies;
mod properties;
mod ranges;
mod support;
mod tokens;
