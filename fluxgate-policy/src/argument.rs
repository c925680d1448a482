//! The value that a caller gives for a parameter in Rust.

/// An argument given in Rust rather than in the text of a policy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Argument {
    /// A whole number.
    Count(u64),
    /// A number; in seconds for a parameter that takes a duration.
    Number(f64),
    /// A duration in nanoseconds.
    Duration(u64),
}
