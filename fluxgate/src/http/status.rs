use std::fmt;

use http::{HeaderMap, StatusCode};

use super::retry_after;
use crate::{call::Call, outcome::Outcome};

/// A rule of which HTTP statuses are failures: 5xx and 429 by default. All others are successes.
///
/// With the feature `tower` it is a [`Classifier`](crate::tower::Classifier) of any service with responses of the crate
/// `http`; errors are for the breaker's tracker. Bodies are not touched.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "tower")]
/// # {
/// use fluxgate::{CircuitBreaker, CircuitBreakerLayer, http::StatusClassifier};
/// use http::StatusCode;
///
/// let layer = CircuitBreakerLayer::new(CircuitBreaker::new("search")).classifier(StatusClassifier::new());
///
/// // A service that answers 501 to what it will never do, and 408 when it is slow.
/// let of_our_own = StatusClassifier::failing(|status| {
///     status == StatusCode::REQUEST_TIMEOUT || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
/// });
/// let layer = layer.classifier(of_our_own);
/// # let _ = layer;
/// # }
/// ```
#[doc(alias("reqwest", "hyper", "axum", "5xx"))]
#[derive(Clone, Copy)]
pub struct StatusClassifier<F = fn(StatusCode) -> bool> {
    fails: F,
}

impl StatusClassifier {
    /// Status 5xx and 429 are failures.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Outcome, http::StatusClassifier};
    /// use http::StatusCode;
    ///
    /// let classifier = StatusClassifier::new();
    /// assert_eq!(classifier.outcome(StatusCode::BAD_GATEWAY), Outcome::Failure);
    /// assert_eq!(classifier.outcome(StatusCode::NOT_FOUND), Outcome::Success);
    /// ```
    pub fn new() -> Self {
        Self { fails: |status| status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS }
    }
}

impl<F: Fn(StatusCode) -> bool> StatusClassifier<F> {
    /// Those are failures of which `fails` is true, and no others.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Outcome, http::StatusClassifier};
    /// use http::StatusCode;
    ///
    /// // To this service, being asked too often is our own affair.
    /// let classifier = StatusClassifier::failing(|status| status.is_server_error());
    /// assert_eq!(classifier.outcome(StatusCode::TOO_MANY_REQUESTS), Outcome::Success);
    /// ```
    pub fn failing(fails: F) -> Self {
        Self { fails }
    }

    /// Returns the outcome of a response with this status: a failure or a success, never ignored.
    pub fn outcome(&self, status: StatusCode) -> Outcome {
        if (self.fails)(status) { Outcome::Failure } else { Outcome::Success }
    }

    /// Ends a call by hand, by the status and, if it is a failure, the `Retry-After` of its response.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, http::StatusClassifier};
    /// use http::{HeaderMap, StatusCode};
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let call = breaker.try_acquire()?;
    /// let (status, headers) = (StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new()); // of the response
    /// StatusClassifier::new().end(call, status, &headers);
    /// assert_eq!(breaker.info().failures, 1);
    /// # Ok::<(), fluxgate::CallNotPermitted>(())
    /// ```
    pub fn end(&self, call: Call<'_>, status: StatusCode, headers: &HeaderMap) {
        match (self.outcome(status), retry_after(headers)) {
            (Outcome::Failure, Some(wait)) => call.failure_with_retry_after(wait),
            (Outcome::Failure, None) => call.failure(),
            _ => call.success(),
        }
    }
}

#[cfg(feature = "tower")]
impl<F, B, E> crate::tower::Classifier<http::Response<B>, E> for StatusClassifier<F>
where
    F: Fn(StatusCode) -> bool,
{
    fn of_response(&self, response: &http::Response<B>) -> Outcome {
        self.outcome(response.status())
    }

    fn retry_after(&self, response: &http::Response<B>) -> Option<std::time::Duration> {
        retry_after(response.headers())
    }
}

impl Default for StatusClassifier {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> fmt::Debug for StatusClassifier<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StatusClassifier").finish_non_exhaustive()
    }
}
