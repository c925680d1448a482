//! Names of breakers.

use std::{
    borrow::{Borrow, Cow},
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The name of a breaker, an immutable string.
///
/// It is cheap to clone, because every rejection holds one: a clone copies a [static](Self::from_static) or short name, and
/// increments the reference count of a long one.
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
    /// The first `len` of `bytes`. Has no reference count, which concurrently rejected threads would contend for.
    Short {
        len: u8,
        bytes: [u8; SHORT],
    },
    Shared(Arc<str>),
}

/// The number of bytes that fit without making [`Name`] larger.
const SHORT: usize = 22;

impl Text {
    /// Stores short text inline, and shares the result of `to_shared` for longer text.
    fn new(text: &str, to_shared: impl FnOnce() -> Arc<str>) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(prefix), Ok(len)) => {
                prefix.copy_from_slice(text.as_bytes());
                Self::Short { len, bytes }
            }
            _ => Self::Shared(to_shared()),
        }
    }
}

impl Name {
    /// Creates a name from static text, without a copy.
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

    /// Returns the name as a string slice.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(text) => text,
            // Always valid: the bytes were copied from a `str`.
            Text::Short { len, bytes } => std::str::from_utf8(&bytes[..usize::from(*len)]).unwrap_or_default(),
            Text::Shared(text) => text,
        }
    }
}

impl Clone for Name {
    #[inline]
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Text::Static(text) => Text::Static(text),
            Text::Short { len, bytes } => Text::Short { len: *len, bytes: *bytes },
            Text::Shared(text) => Text::Shared(Arc::clone(text)),
        })
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(Text::new(text, || text.into()))
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Name {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Box<str>> for Name {
    fn from(text: Box<str>) -> Self {
        (&*text).into()
    }
}

impl From<Cow<'_, str>> for Name {
    fn from(text: Cow<'_, str>) -> Self {
        (&*text).into()
    }
}

impl From<Arc<str>> for Name {
    fn from(text: Arc<str>) -> Self {
        Self(Text::new(&text, || Arc::clone(&text)))
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // Like `str`, for look-ups through `Borrow<str>`.
        self.as_str().hash(hasher);
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self.as_str()
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
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_equals_its_text() {
        for length in 0..3 * SHORT {
            for text in ["a".repeat(length), "\u{d55c}".repeat(length), format!("{}\u{1f525}", "b".repeat(length))] {
                let names = [Name::from(&*text), text.clone().into(), Arc::<str>::from(&*text).into()];
                for name in names {
                    assert_eq!((name.as_str(), name.clone().as_str()), (&*text, &*text));
                }
            }
        }
    }

    #[test]
    fn a_name_takes_three_words() {
        assert_eq!(size_of::<Name>(), 24);
    }
}
