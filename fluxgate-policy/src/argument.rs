/// An argument given in Rust rather than in a policy's text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Argument {
    /// A whole number.
    Count(u64),
    /// A number; seconds where a duration is meant.
    Number(f64),
    /// Nanoseconds.
    Duration(u64),
}
