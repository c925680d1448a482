use std::{any::Any, error::Error, fmt, iter, sync::Arc};

use crate::error::layer_below;

/// A view of an error for trackers: its value, and its chain of sources if that is known.
///
/// The chain follows [`Error::source`](std::error::Error::source), and looks into a [`fluxgate::Error`](crate::Error)
/// too, which is otherwise transparent. Some errors leave out what they contain: `io::Error::other(error)` does not have
/// `error` among its sources.
///
/// # Examples
///
/// ```
/// use fluxgate::trackers::{CustomTracker, ErrorView};
///
/// /// Tracks errors with a time-out in their chain.
/// struct TimeOuts;
///
/// impl CustomTracker for TimeOuts {
///     fn tracks(&self, error: ErrorView<'_>) -> bool {
///         error.chain().any(|error| error.to_string().contains("timed out"))
///     }
/// }
///
/// let error = std::io::Error::other("the connection timed out");
/// assert!(TimeOuts.tracks(ErrorView::of_error(&error)));
/// ```
#[derive(Clone, Copy)]
pub struct ErrorView<'a> {
    value: &'a dyn Any,
    error: Option<&'a (dyn Error + 'static)>,
}

impl<'a> ErrorView<'a> {
    /// A view of an error whose sources are known: for the tests of a tracker, and for one that asks another.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fmt;
    /// use fluxgate::{Error, trackers::ErrorView};
    ///
    /// let error = Error::Inner(fmt::Error); // what an inner breaker gave
    /// let view = ErrorView::of_error(&error);
    /// assert!(view.downcast_ref::<Error<fmt::Error>>().is_some());
    /// assert!(view.find::<fmt::Error>().is_some()); // among its sources
    /// ```
    pub fn of_error<E: Error + 'static>(error: &'a E) -> Self {
        Self { value: error, error: Some(error) }
    }

    /// A view of a value that stands for the error `error`, as a box does.
    #[cfg_attr(not(feature = "macros"), allow(dead_code, reason = "the view of a guarded function's error"))]
    pub(crate) fn of_value_for(value: &'a dyn Any, error: &'a (dyn Error + 'static)) -> Self {
        Self { value, error: Some(error) }
    }

    /// A view of any value. Its sources are known if it is a boxed error or, with the feature `anyhow`, an
    /// `anyhow::Error`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{error::Error, fmt};
    /// use fluxgate::trackers::ErrorView;
    ///
    /// assert_eq!(ErrorView::of_value(&"down").chain().count(), 0); // no error, but a value
    /// let boxed: Box<dyn Error + Send + Sync> = Box::new(fmt::Error);
    /// assert!(ErrorView::of_value(&boxed).find::<fmt::Error>().is_some());
    /// ```
    pub fn of_value(value: &'a dyn Any) -> Self {
        Self { value, error: boxed_error(value) }
    }

    /// Returns the error itself, if it is a `T`.
    pub fn downcast_ref<T: 'static>(&self) -> Option<&'a T> {
        self.value.downcast_ref()
    }

    /// Returns the error and its sources, outermost first. Empty if the type is not known to be an
    /// [`Error`](std::error::Error).
    pub fn chain(&self) -> impl Iterator<Item = &'a (dyn Error + 'static)> + use<'a> {
        iter::successors(self.error, |&error| layer_below(error))
    }

    /// Finds the error itself or the outermost of its sources that is a `T`.
    pub fn find<T: Error + 'static>(&self) -> Option<&'a T> {
        self.downcast_ref().or_else(|| self.chain().find_map(|error| error.downcast_ref()))
    }
}

impl fmt::Debug for ErrorView<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.chain()).finish()
    }
}

fn boxed_error(value: &dyn Any) -> Option<&(dyn Error + 'static)> {
    if let Some(error) = value.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return Some(error.as_ref());
    }
    if let Some(error) = value.downcast_ref::<Box<dyn Error + Send>>() {
        return Some(error.as_ref());
    }
    if let Some(error) = value.downcast_ref::<Box<dyn Error>>() {
        return Some(error.as_ref());
    }
    if let Some(error) = value.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(error.as_ref());
    }
    #[cfg(feature = "anyhow")]
    if let Some(error) = value.downcast_ref::<anyhow::Error>() {
        return Some(error.as_ref());
    }
    None
}
