//! What the tests share: breakers on a manual clock, the conformance lists, and a model of a breaker.

#![allow(clippy::missing_panics_doc, reason = "a fixture that can't be made fails the test, as it should")]

pub mod conformance;
pub mod fixture;
pub mod hanging;
pub mod model;
pub mod openmetrics;
pub mod policy_file;
pub mod process;
pub mod replay;
pub mod server;
pub mod sets;
pub mod slack;
pub mod table;

/// The programs of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The same in Korean.
#[cfg(doctest)]
#[doc = include_str!("../../README.ko.md")]
pub struct ReadmeInKorean;
