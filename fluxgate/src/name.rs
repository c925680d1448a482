use std::{
    borrow::{Borrow, Cow},
    fmt,
    ops::Deref,
    sync::Arc,
};

#[cfg(feature = "keyed")]
use crate::keyed::Member;

/// The name of a breaker: text that is part of the program, or shared text.
///
/// Every rejection carries it, so a name [that is part of the program](Self::from_static) costs a rejected call nothing,
/// and another one a reference count. Borrowed text is copied once.
///
/// # Examples
///
/// ```
/// use fluxgate::CircuitBreaker;
///
/// let borrowed: &str = &String::from("payment_api");
/// let breaker = CircuitBreaker::new(borrowed);
/// assert_eq!(breaker.info().name, "payment_api");
/// ```
pub struct Name(Text);

enum Text {
    Static(&'static str),
    Shared(Arc<str>),
    /// Of a breaker in a set.
    #[cfg(feature = "keyed")]
    Keyed(Arc<Member>),
}

impl Name {
    /// Makes a name of text that is part of the program, without a copy.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, Name};
    ///
    /// const PAYMENT_API: Name = Name::from_static("payment_api");
    /// assert_eq!(CircuitBreaker::new(PAYMENT_API).name(), "payment_api");
    /// ```
    pub const fn from_static(text: &'static str) -> Self {
        Self(Text::Static(text))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(text) => text,
            Text::Shared(text) => text,
            #[cfg(feature = "keyed")]
            Text::Keyed(member) => member.text(),
        }
    }

    /// The same text, without the breaker's set, for those who may outlive it.
    pub(crate) fn detached(&self) -> Self {
        match &self.0 {
            Text::Static(_) | Text::Shared(_) => self.clone(),
            #[cfg(feature = "keyed")]
            Text::Keyed(member) => Self(Text::Shared(member.text().into())),
        }
    }

    /// What the breaker of this name is in a set, if it is in one.
    #[cfg(feature = "keyed")]
    pub(crate) fn member(&self) -> Option<&Arc<Member>> {
        match &self.0 {
            Text::Keyed(member) => Some(member),
            Text::Static(_) | Text::Shared(_) => None,
        }
    }
}

#[cfg(feature = "keyed")]
impl From<Arc<Member>> for Name {
    fn from(member: Arc<Member>) -> Self {
        Self(Text::Keyed(member))
    }
}

impl Clone for Name {
    #[inline]
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Text::Static(text) => Text::Static(text),
            Text::Shared(text) => Text::Shared(Arc::clone(text)),
            #[cfg(feature = "keyed")]
            Text::Keyed(member) => Text::Keyed(Arc::clone(member)),
        })
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(Text::Shared(text.into()))
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(Text::Shared(text.into()))
    }
}

impl From<&String> for Name {
    fn from(text: &String) -> Self {
        Self(Text::Shared(text.as_str().into()))
    }
}

impl From<Box<str>> for Name {
    fn from(text: Box<str>) -> Self {
        Self(Text::Shared(text.into()))
    }
}

impl From<Cow<'_, str>> for Name {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<Arc<str>> for Name {
    fn from(text: Arc<str>) -> Self {
        Self(Text::Shared(text))
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self)
    }
}
