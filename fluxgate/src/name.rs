use std::{
    borrow::{Borrow, Cow},
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The name of a breaker: text that is part of the program, or shared text.
///
/// Every rejection carries it, so it is cheap to clone: a name [that is part of the program](Self::from_static) and a short
/// one are copied, and of a long one only a reference is counted. Borrowed text is copied once.
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
    /// The first `len` bytes. Threads that are rejected at the same time count no references to one place.
    Short {
        len: u8,
        bytes: [u8; SHORT],
    },
    Shared(Arc<str>),
}

/// So many bytes fit where the other kinds of text have their pointers.
const SHORT: usize = 22;

impl Text {
    /// Keeps short text here, and lets `long` keep the rest.
    fn new(text: &str, long: impl FnOnce() -> Arc<str>) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(room), Ok(len)) => {
                room.copy_from_slice(text.as_bytes());
                Self::Short { len, bytes }
            }
            _ => Self::Shared(long()),
        }
    }
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
            // They are those of a `str`.
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
        // Like text, as which it can be looked up.
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
    fn a_name_is_the_text_that_it_was_made_of_whatever_its_length() {
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
    fn short_names_take_no_more_room_than_others() {
        assert_eq!(size_of::<Name>(), 24);
    }
}
