//! What the five kinds of policy component have in common before `build` has checked them.

use std::{fmt, sync::Arc};

use fluxgate_policy::{Argument, Component, Error, Expr, Kind};

use crate::{error::PolicyError, user_code::Supplied};

/// One component of a policy: a built-in one, one of the user's own, or a mistake that `build` will report.
pub(crate) enum Leaf<C: ?Sized> {
    BuiltIn(Component),
    Custom(Custom<C>),
    Mistake(Error),
}

/// A component that the user wrote, with what stands for it in print.
pub(crate) struct Custom<C: ?Sized> {
    pub(crate) component: Supplied<C>,
    pub(crate) name: Arc<str>,
}

impl<C: ?Sized> Clone for Custom<C> {
    fn clone(&self) -> Self {
        Self { component: self.component.clone(), name: Arc::clone(&self.name) }
    }
}

impl<C: ?Sized> Clone for Leaf<C> {
    fn clone(&self) -> Self {
        match self {
            Self::BuiltIn(component) => Self::BuiltIn(component.clone()),
            Self::Custom(custom) => Self::Custom(custom.clone()),
            Self::Mistake(error) => Self::Mistake(error.clone()),
        }
    }
}

/// Components of the user's own are equal if they are one and the same.
impl<C: ?Sized> PartialEq for Leaf<C> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::BuiltIn(one), Self::BuiltIn(other)) => one == other,
            (Self::Custom(one), Self::Custom(other)) => one.component.is_same(&other.component),
            (Self::Mistake(one), Self::Mistake(other)) => one == other,
            _ => false,
        }
    }
}

impl<C: ?Sized> fmt::Display for Leaf<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(component) => component.fmt(formatter),
            Self::Custom(custom) => formatter.write_str(&custom.name),
            Self::Mistake(error) => write!(formatter, "<{error}>"),
        }
    }
}

impl<C: ?Sized> Leaf<C> {
    /// A built-in component, its arguments checked now and reported by `build`.
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

/// Reads an expression of `kind` at run time, where nothing can be written that names Rust code.
pub(crate) fn parse<C: ?Sized>(kind: Kind, text: &str) -> Result<Expr<Leaf<C>>, PolicyError> {
    match fluxgate_policy::parse_at_run_time(kind, text) {
        Ok(expression) => Ok(expression.map(Leaf::BuiltIn)),
        Err(errors) => Err(PolicyError::in_text(&errors, text)),
    }
}

/// The one component of a kind that does not compose.
pub(crate) fn parse_single<C: ?Sized>(kind: Kind, text: &str) -> Result<Leaf<C>, PolicyError> {
    match parse(kind, text)? {
        Expr::Leaf(leaf) => Ok(leaf),
        _ => unreachable!("the parser gives a {kind:?} of one component or an error"),
    }
}

/// The traits that a kind has in common with the others: how it is read, compared and printed.
macro_rules! text_form {
    ($policy:ident, $kind:expr, $parse:path) => {
        /// Reads it in the policy language.
        ///
        /// The error has every mistake, each with a caret under its place. What names Rust code is one, for a text that is
        /// read at run time can't: `Custom(…)`, `TypeOf(…)`, `Matches(…)`.
        impl std::str::FromStr for $policy {
            type Err = $crate::error::PolicyError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $parse($kind, text).map(Self)
            }
        }

        /// Two are equal if they are made of equal components in the same order. One of your own is equal to its clones.
        impl PartialEq for $policy {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        /// Prints it in the policy language. What is printed can be read back, unless it names Rust code: a component of your
        /// own prints as `Custom(…)` with its type.
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

/// `&` and `|` between a composable kind and whatever converts into it.
macro_rules! operators {
    ($policy:ident) => {
        impl<R: Into<Self>> std::ops::BitAnd<R> for $policy {
            type Output = Self;

            fn bitand(self, other: R) -> Self {
                Self(fluxgate_policy::Expr::and(self.0, other.into().0))
            }
        }

        impl<R: Into<Self>> std::ops::BitOr<R> for $policy {
            type Output = Self;

            fn bitor(self, other: R) -> Self {
                Self(fluxgate_policy::Expr::or(self.0, other.into().0))
            }
        }
    };
}
pub(crate) use operators;

/// What stands in print for the `Custom` component that `F` is.
pub(crate) fn custom_name<F: ?Sized>() -> String {
    format!("Custom({})", std::any::type_name::<F>())
}
