//! A rejection as a response.

use http::{HeaderValue, Response, StatusCode, header::RETRY_AFTER};

use crate::error::CallNotPermitted;

/// `503 Service Unavailable`, with `Retry-After` in whole seconds, rounded up, if it is known when a retry is due. The
/// body is empty: who is asking need not know what the breaker is called.
///
/// Any response of the crate `http` can be had: those of hyper, and of axum, where a handler's `?` makes it.
impl<B: Default> From<CallNotPermitted> for Response<B> {
    fn from(rejection: CallNotPermitted) -> Self {
        Self::from(&rejection)
    }
}

/// Makes the response of a borrowed rejection.
impl<B: Default> From<&CallNotPermitted> for Response<B> {
    fn from(rejection: &CallNotPermitted) -> Self {
        let mut response = Self::new(B::default());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        if let Some(seconds) = rejection.retry_after_seconds() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
