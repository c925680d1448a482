//! Probes for traits of a concrete type, which only the expansion knows.
//!
//! Each probe has the same method several times: on itself, for types with a certain property, and on what it
//! dereferences to, for those without. The compiler takes the first that fits, and no trait has to be in scope.
#![expect(clippy::unused_self, reason = "methods are found by their `self`")]

use std::{error::Error, marker::PhantomData, ops::Deref};

use super::Seen;
use crate::policy::trackers::{ErrorView, Tracker, TypeOf, type_of_any};

/// A tracker of errors that are a `T`: anywhere in the chain if `T` is an error, else the value itself.
pub struct OfType<T>(OfAnyType<T>);

pub struct OfAnyType<T>(PhantomData<fn() -> T>);

impl<T> OfType<T> {
    pub const NEW: Self = Self(OfAnyType(PhantomData));
}

impl<T: Error + 'static> OfType<T> {
    pub fn tracker(&self) -> Tracker {
        TypeOf::<T>()
    }

    pub fn is(&self, view: ErrorView<'_>) -> bool {
        view.find::<T>().is_some()
    }
}

impl<T> Deref for OfType<T> {
    type Target = OfAnyType<T>;

    fn deref(&self) -> &OfAnyType<T> {
        &self.0
    }
}

impl<T: 'static> OfAnyType<T> {
    pub fn tracker(&self) -> Tracker {
        type_of_any::<T>()
    }

    pub fn is(&self, view: ErrorView<'_>) -> bool {
        view.downcast_ref::<T>().is_some()
    }
}

/// A view of an error with as much of its chain as its type lets see.
pub struct View<'e, E>(Behind<'e, E>);

/// For what stands for an error without being one, such as `anyhow::Error` and boxes.
pub struct Behind<'e, E>(BehindLocal<'e, E>);

/// Like `Behind`, for errors that are not `Send`.
pub struct BehindLocal<'e, E>(Value<'e, E>);

/// For anything.
pub struct Value<'e, E>(&'e E);

impl<'e, E> View<'e, E> {
    pub fn new(error: &'e E) -> Self {
        Self(Behind(BehindLocal(Value(error))))
    }
}

impl<'e, E: Error + 'static> View<'e, E> {
    pub fn view(&self) -> ErrorView<'e> {
        ErrorView::of_error(self.0.0.0.0)
    }

    pub fn seen(&self) -> Seen<'e> {
        Seen::At(self.view())
    }
}

impl<'e, E: AsRef<dyn Error + Send + Sync> + 'static> Behind<'e, E> {
    pub fn view(&self) -> ErrorView<'e> {
        let error = self.0.0.0;
        ErrorView::of_value_for(error, error.as_ref())
    }

    pub fn seen(&self) -> Seen<'e> {
        Seen::At(self.view())
    }
}

impl<'e, E: AsRef<dyn Error> + 'static> BehindLocal<'e, E> {
    pub fn view(&self) -> ErrorView<'e> {
        let error = self.0.0;
        ErrorView::of_value_for(error, error.as_ref())
    }

    pub fn seen(&self) -> Seen<'e> {
        Seen::At(self.view())
    }
}

impl<'e, E: 'static> Value<'e, E> {
    pub fn view(&self) -> ErrorView<'e> {
        ErrorView::of_value(self.0)
    }

    pub fn seen(&self) -> Seen<'e> {
        Seen::At(self.view())
    }
}

impl<'e, E> Deref for View<'e, E> {
    type Target = Behind<'e, E>;

    fn deref(&self) -> &Behind<'e, E> {
        &self.0
    }
}

impl<'e, E> Deref for Behind<'e, E> {
    type Target = BehindLocal<'e, E>;

    fn deref(&self) -> &BehindLocal<'e, E> {
        &self.0
    }
}

impl<'e, E> Deref for BehindLocal<'e, E> {
    type Target = Value<'e, E>;

    fn deref(&self) -> &Value<'e, E> {
        &self.0
    }
}
