//! The base of the five kinds of policy component, before they are compiled.

use std::{fmt, sync::Arc};

use fluxgate_policy::{Argument, Component, Error, Expr, Kind};

use crate::{policy::error::PolicyError, user_code::Supplied};

/// A component of a policy: a built-in one, one that the user wrote, or a mistake that `build` reports.
pub(crate) enum AnyComponent<C: ?Sized> {
    BuiltIn(Component),
    Custom(Custom<C>),
    Mistake(Error),
}

/// A component that the user wrote, and the name it prints as.
pub(crate) struct Custom<C: ?Sized> {
    pub(crate) component: Supplied<C>,
    pub(crate) name: Arc<str>,
}

impl<C: ?Sized> Clone for Custom<C> {
    fn clone(&self) -> Self {
        Self { component: self.component.clone(), name: Arc::clone(&self.name) }
    }
}

impl<C: ?Sized> Clone for AnyComponent<C> {
    fn clone(&self) -> Self {
        match self {
            Self::BuiltIn(component) => Self::BuiltIn(component.clone()),
            Self::Custom(custom) => Self::Custom(custom.clone()),
            Self::Mistake(error) => Self::Mistake(error.clone()),
        }
    }
}

/// Custom components are equal only to their clones.
impl<C: ?Sized> PartialEq for AnyComponent<C> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::BuiltIn(one), Self::BuiltIn(other)) => one == other,
            (Self::Custom(one), Self::Custom(other)) => one.component.is_same(&other.component),
            (Self::Mistake(one), Self::Mistake(other)) => one == other,
            _ => false,
        }
    }
}

impl<C: ?Sized> fmt::Display for AnyComponent<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(component) => component.fmt(formatter),
            Self::Custom(custom) => formatter.write_str(&custom.name),
            Self::Mistake(error) => write!(formatter, "<{error}>"),
        }
    }
}

impl<C: ?Sized> AnyComponent<C> {
    /// Creates a built-in component. A mistake in its arguments is kept for `build` to report.
    pub(crate) fn built_in(kind: Kind, name: &str, arguments: &[(&str, Argument)]) -> Self {
        match fluxgate_policy::component(kind, name, arguments) {
            Ok(component) => Self::BuiltIn(component),
            Err(error) => Self::Mistake(error),
        }
    }

    pub(crate) fn custom(component: Arc<C>, name: impl Into<Arc<str>>) -> Self {
        Self::Custom(Custom { component: Supplied::new(component), name: name.into() })
    }

    pub(crate) fn as_built_in(&self) -> Option<&Component> {
        match self {
            Self::BuiltIn(component) => Some(component),
            Self::Custom(_) | Self::Mistake(_) => None,
        }
    }

    pub(crate) fn mistake(&self) -> Option<&Error> {
        match self {
            Self::Mistake(error) => Some(error),
            Self::BuiltIn(_) | Self::Custom(_) => None,
        }
    }
}

/// Parses an expression of `kind` at run time, when no text can name Rust code.
pub(crate) fn parse<C: ?Sized>(kind: Kind, text: &str) -> Result<Expr<AnyComponent<C>>, PolicyError> {
    match fluxgate_policy::parse_at_run_time(kind, text) {
        Ok(expression) => Ok(expression.map(AnyComponent::BuiltIn)),
        Err(errors) => Err(PolicyError::in_text(&errors, text)),
    }
}

/// Parses the one component of a kind that does not compose.
pub(crate) fn parse_single<C: ?Sized>(kind: Kind, text: &str) -> Result<AnyComponent<C>, PolicyError> {
    match parse(kind, text)? {
        Expr::Leaf(component) => Ok(component),
        _ => unreachable!("the parser gives a {kind:?} of one component or an error"),
    }
}

/// Implements the traits that all kinds share: parsing, comparing and printing.
macro_rules! text_form {
    ($policy:ident, $kind:expr, $parse:path) => {
        /// Parses the policy language.
        ///
        /// The error has every mistake, each with a caret under its place. Components that name Rust code, `Custom(…)`,
        /// `TypeOf(…)` and `Matches(…)`, are mistakes in text that is read at run time.
        impl std::str::FromStr for $policy {
            type Err = $crate::policy::error::PolicyError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $parse($kind, text).map(Self)
            }
        }

        /// Two are equal if they consist of equal components in the same order. Custom components are equal only to their
        /// clones.
        impl PartialEq for $policy {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        /// Prints in the policy language. The output can be parsed, unless it names Rust code: a custom component prints as
        /// `Custom(…)` with its type.
        impl std::fmt::Display for $policy {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl std::fmt::Debug for $policy {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, concat!(stringify!($policy), "({})"), self)
            }
        }
    };
}
pub(crate) use text_form;

/// Implements `&` and `|` between a type that converts into a composable kind and any other such type.
macro_rules! operators {
    ($kind:ident: $($type:ident $(<$duration:ident>)?),+) => {$(
        impl<$($duration: Into<crate::policy::seconds::Seconds>,)? R: Into<$kind>> std::ops::BitAnd<R> for $type$(<$duration>)? {
            type Output = $kind;

            fn bitand(self, other: R) -> $kind {
                $kind(fluxgate_policy::Expr::and($kind::from(self).0, other.into().0))
            }
        }

        impl<$($duration: Into<crate::policy::seconds::Seconds>,)? R: Into<$kind>> std::ops::BitOr<R> for $type$(<$duration>)? {
            type Output = $kind;

            fn bitor(self, other: R) -> $kind {
                $kind(fluxgate_policy::Expr::or($kind::from(self).0, other.into().0))
            }
        }
    )+};
}
pub(crate) use operators;

/// Implements the conversion of a component's struct into its kind, and prints the struct as that.
///
/// A `D` is a length of time of any type that converts into [`Seconds`](crate::Seconds).
macro_rules! converts {
    ($type:ident $(<$duration:ident>)? => $kind:ident, |$component:ident| $made:expr) => {
        impl$(<$duration: Into<crate::policy::seconds::Seconds>>)? From<$type$(<$duration>)?> for $kind {
            fn from($component: $type$(<$duration>)?) -> Self {
                $made
            }
        }

        impl$(<$duration: Into<crate::policy::seconds::Seconds> + Copy>)? std::fmt::Display for $type$(<$duration>)? {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $kind::from(*self).fmt(formatter)
            }
        }
    };
}
pub(crate) use converts;

/// Returns the name that the custom component of type `F` prints as.
pub(crate) fn custom_name<F: ?Sized>() -> String {
    format!("Custom({})", std::any::type_name::<F>())
}
