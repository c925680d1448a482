use http::{HeaderMap, StatusCode};

use super::StatusClassifier;
use crate::outcome::Outcome;

/// A rule of which gRPC status codes are failures.
///
/// | code | is |
/// |---|---|
/// | `Unknown`, `DeadlineExceeded`, `ResourceExhausted`, `Internal`, `Unavailable`, and what is no code at all | a failure |
/// | `Cancelled` | ignored: its caller has given up |
/// | all others: `Ok`, `InvalidArgument`, `NotFound`, … | a success, for the service has answered |
///
/// With the feature `tower` it is a [`Classifier`](crate::tower::Classifier) of a channel, such as tonic's. It sees what
/// comes before the body: the `grpc-status` of a call that fails without a message, and the HTTP status of a proxy. That
/// is how servers answer a unary call that fails. A status that follows messages, in the trailers, comes too late for it:
/// to a breaker around the channel, such a call was a success once its response began. A stream that may break in the
/// middle is guarded where it is read, by hand or by a guarded function, with a tracker of its status.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "tower")]
/// # {
/// use fluxgate::{CircuitBreaker, CircuitBreakerLayer, http::GrpcClassifier};
///
/// let layer = CircuitBreakerLayer::new(CircuitBreaker::new("search")).classifier(GrpcClassifier);
/// # let _ = layer;
/// # }
/// ```
///
/// A tracker of what a client returns, with tonic's `Status` in the place of ours:
///
/// ```
/// use fluxgate::{CircuitBreaker, Outcome, http::GrpcClassifier, trackers::Custom};
///
/// struct Status(i32);
///
/// let breaker = CircuitBreaker::builder("search")
///     .tracker(Custom(|status: &Status| GrpcClassifier::outcome(status.0) == Outcome::Failure))
///     .build()?;
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[doc(alias = "tonic")]
#[derive(Clone, Copy, Debug, Default)]
pub struct GrpcClassifier;

const OK: i32 = 0;
const CANCELLED: i32 = 1;
const UNKNOWN: i32 = 2;
const DEADLINE_EXCEEDED: i32 = 4;
const RESOURCE_EXHAUSTED: i32 = 8;
const INTERNAL: i32 = 13;
const UNAVAILABLE: i32 = 14;
const LAST: i32 = 16;

impl GrpcClassifier {
    /// Returns the outcome of a call that ended with this status code.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Outcome, http::GrpcClassifier};
    ///
    /// let [ok, cancelled, unavailable] = [0, 1, 14].map(GrpcClassifier::outcome);
    /// assert_eq!((ok, cancelled, unavailable), (Outcome::Success, Outcome::Ignored, Outcome::Failure));
    /// ```
    pub fn outcome(code: i32) -> Outcome {
        match code {
            CANCELLED => Outcome::Ignored,
            UNKNOWN | DEADLINE_EXCEEDED | RESOURCE_EXHAUSTED | INTERNAL | UNAVAILABLE => Outcome::Failure,
            OK..=LAST => Outcome::Success,
            // As the protocol has it, what one does not know is `Unknown`.
            _ => Outcome::Failure,
        }
    }

    /// Returns the outcome of a call whose response has this status and these headers or trailers. `grpc-status` decides;
    /// without it, the HTTP status.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{Outcome, http::GrpcClassifier};
    /// use http::{HeaderMap, HeaderValue, StatusCode};
    ///
    /// let mut headers = HeaderMap::new();
    /// assert_eq!(GrpcClassifier::outcome_of(StatusCode::BAD_GATEWAY, &headers), Outcome::Failure);
    /// headers.insert("grpc-status", HeaderValue::from_static("5")); // `NotFound`
    /// assert_eq!(GrpcClassifier::outcome_of(StatusCode::OK, &headers), Outcome::Success);
    /// ```
    pub fn outcome_of(status: StatusCode, headers: &HeaderMap) -> Outcome {
        match headers.get("grpc-status") {
            Some(code) => {
                let code = code.to_str().ok().and_then(|code| code.parse().ok());
                Self::outcome(code.unwrap_or(UNKNOWN))
            }
            None => StatusClassifier::new().outcome(status),
        }
    }
}

#[cfg(feature = "tower")]
impl<B, E> crate::tower::Classifier<http::Response<B>, E> for GrpcClassifier {
    fn of_response(&self, response: &http::Response<B>) -> Outcome {
        Self::outcome_of(response.status(), response.headers())
    }

    fn retry_after(&self, response: &http::Response<B>) -> Option<std::time::Duration> {
        super::retry_after(response.headers())
    }
}
