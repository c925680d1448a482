//! Calls of every kind, however they end, and the user's code in them.

mod cancellation;
mod errors;
mod futures;
mod meddlers;
mod nested_calls;
mod panics;
mod parts_that_use_their_breaker;
mod unwinding;
mod user_code;
