//! Places in the input of the parser.

/// A half-open range of the input, in bytes of a text or in indices of a token slice.
///
/// The empty span at the start stands for a place outside the input, such as that of a component made by
/// [`component`](crate::component).
///
/// ```
/// use fluxgate_policy::Span;
///
/// assert_eq!(Span::new(7, 9).to(Span::new(2, 5)), Span::new(2, 9));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// The index of the first byte or token.
    pub start: usize,
    /// The index after the last byte or token.
    pub end: usize,
}

impl Span {
    /// Creates a span from `start` up to, but not including, `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the smallest span that contains both spans.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}
