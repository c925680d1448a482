use crate::error::Error;

/// An error of any type, as the services of tower hand it on.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the callers of a guarded service get for an error: [`Typed`] or [`Boxed`].
pub trait Answer<E> {
    /// The error of the guarded service.
    type Error;

    /// Makes it of what a call has ended with.
    fn of(error: Error<E>) -> Self::Error;
}

/// [`fluxgate::Error`](crate::Error), with the inner service's error in it.
#[derive(Clone, Copy, Debug)]
pub struct Typed;

impl<E> Answer<E> for Typed {
    type Error = Error<E>;

    fn of(error: Error<E>) -> Error<E> {
        error
    }
}

/// A [`BoxError`], in which are the inner service's own error, or [`CallNotPermitted`](crate::CallNotPermitted).
#[derive(Clone, Copy, Debug)]
pub struct Boxed;

impl<E: Into<BoxError>> Answer<E> for Boxed {
    type Error = BoxError;

    fn of(error: Error<E>) -> BoxError {
        match error {
            Error::NotPermitted(rejection) => rejection.into(),
            Error::TimedOut(time_out) => time_out.into(),
            Error::Inner(error) => error.into(),
        }
    }
}
