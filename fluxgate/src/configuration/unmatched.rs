use std::fmt;

use crate::user_code;

/// The names in a policy file that match no breaker and no set yet, from [`configure`](crate::configure()).
///
/// Their breakers may be built later, or belong to another program that shares the file, so they are not an error.
///
/// Prints one line for each name, and says how many more there are after the first 20.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, configure};
///
/// let breaker = CircuitBreaker::new("payment_api");
/// let unmatched = configure(&toml::from_str("breakers.paymentapi.shadow = true")?)?;
/// let [name] = unmatched.names() else { unreachable!() };
/// assert_eq!((name.name(), name.nearest()), ("paymentapi", Some("payment_api")));
/// assert_eq!(unmatched.to_string(), "no breaker is named `paymentapi`; did you mean `payment_api`?");
/// # drop(breaker);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unmatched {
    pub(super) names: Vec<UnmatchedName>,
}

/// A name in a policy file that matches no breaker and no set. See [`Unmatched`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnmatchedName {
    pub(super) name: String,
    pub(super) nearest: Option<String>,
    /// The message. `None` for names after the first 20.
    pub(super) message: Option<String>,
}

impl Unmatched {
    /// Returns the names in alphabetical order.
    pub fn names(&self) -> &[UnmatchedName] {
        &self.names
    }

    /// Returns `true` if every name has a breaker or a set.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn messages(&self) -> impl Iterator<Item = String> {
        let explained = self.names.iter().filter_map(|name| name.message.clone());
        let more = self.names.iter().filter(|name| name.message.is_none()).count();
        explained.chain((more > 0).then(|| format!("{more} more names match no breaker")))
    }

    pub(super) fn log(&self) {
        for message in self.messages() {
            user_code::log(|| {
                #[cfg(feature = "tracing")]
                tracing::warn!(target: "fluxgate", "policy file: {message}");
                let _ = message; // named in the log alone
            });
        }
    }
}

impl fmt::Display for Unmatched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.messages().collect::<Vec<_>>().join("\n"))
    }
}

impl UnmatchedName {
    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the nearest name of a breaker or a set, if one is similar. Only the first 20 names have it.
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }
}
