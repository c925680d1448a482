/// A place in what was parsed: half open, in bytes of a text or in indices of a token slice.
///
/// An empty span at the start stands for a place that is not in the text, such as that of a component made by
/// [`component`](crate::component).
///
/// ```
/// use fluxgate_policy::Span;
///
/// assert_eq!(Span::new(7, 9).to(Span::new(2, 5)), Span::new(2, 9));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// The first byte or token.
    pub start: usize,
    /// One past the last byte or token.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}
