use std::{error::Error as StdError, fmt, ops::Range};

use fluxgate_policy::ErrorKind;

/// An invalid policy, with every mistake found in it.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, MistakeKind, trippers::FailureRate, windows::CountWindow};
///
/// let error = CircuitBreaker::builder("search")
///     .window(CountWindow(0))
///     .tripper(FailureRate(60.0))
///     .build()
///     .unwrap_err();
/// assert_eq!(error.mistakes().len(), 2);
/// assert_eq!(error.mistakes()[1].kind(), &MistakeKind::OutOfRange);
/// assert!(error.to_string().contains("FailureRate: 60 is out of range"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyError {
    mistakes: Vec<Mistake>,
}

impl PolicyError {
    pub(crate) fn new(mistakes: Vec<Mistake>) -> Self {
        Self { mistakes }
    }

    pub(crate) fn in_text(errors: &[fluxgate_policy::Error], text: &str) -> Self {
        Self::new(errors.iter().map(|error| Mistake::in_text(error, text)).collect())
    }

    /// Returns each mistake. There is at least one.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{MistakeKind, trippers::Tripper};
    ///
    /// let error = "FailureRate(60) && MinRequests(20)".parse::<Tripper>().unwrap_err();
    /// let kinds: Vec<_> = error.mistakes().iter().map(|mistake| mistake.kind()).collect();
    /// assert_eq!(kinds, [&MistakeKind::OutOfRange, &MistakeKind::ForeignOperator]);
    /// ```
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

/// Prints each mistake on its own lines.
impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{mistake}")?;
        }
        Ok(())
    }
}

impl StdError for PolicyError {}

/// A mistake in a policy, from [`PolicyError::mistakes`].
///
/// Prints as its message, which ends with what to write. A mistake in a text prints on several lines: the message, the text,
/// and a caret under the place.
///
/// # Examples
///
/// ```
/// use fluxgate::{MistakeKind, trippers::Tripper};
///
/// let error = "FailureRate(60)".parse::<Tripper>().unwrap_err();
/// let mistake = &error.mistakes()[0];
/// assert_eq!((mistake.kind(), mistake.span()), (&MistakeKind::OutOfRange, Some(12..14)));
/// assert_eq!(mistake.message(), "FailureRate: 60 is out of range; write a ratio above 0, at most 1, such as 0.6");
/// assert_eq!(mistake.to_string(), format!("{}\n  FailureRate(60)\n              ^^", mistake.message()));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    kind: ErrorKind,
    message: Box<str>,
    span: Option<Range<usize>>,
    /// The text with a caret, if the mistake is in a text.
    excerpt: Option<Box<str>>,
}

impl Mistake {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Box<str>>) -> Self {
        Self { kind, message: message.into(), span: None, excerpt: None }
    }

    fn in_text(error: &fluxgate_policy::Error, text: &str) -> Self {
        let mistake = Self::from(error);
        let span = error.span();
        let shown = error.with_caret(text);
        // Of an empty text there is nothing to show.
        let excerpt = shown.strip_prefix(&*mistake.message).and_then(|rest| rest.strip_prefix('\n')).map(Box::from);
        Self { span: excerpt.is_some().then_some(span.start..span.end), excerpt, ..mistake }
    }

    /// Returns the kind of the mistake.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Returns the message on one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the place of the mistake in bytes of the text. `None` if the policy is not from a text.
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }
}

impl From<&fluxgate_policy::Error> for Mistake {
    fn from(error: &fluxgate_policy::Error) -> Self {
        Self::new(*error.kind(), error.to_string())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        self.excerpt.as_ref().map_or(Ok(()), |excerpt| write!(formatter, "\n{excerpt}"))
    }
}
