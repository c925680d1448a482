use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// How long a call may take.
pub(crate) trait Limit {
    /// Ready with the limit once it has passed. It begins to run with the first poll.
    fn poll_elapsed(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Duration>;
}

/// As long as it likes.
#[derive(Clone, Copy, Debug)]
pub struct NoLimit;

impl Limit for NoLimit {
    fn poll_elapsed(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Duration> {
        Poll::Pending
    }
}

#[cfg(feature = "tokio")]
#[cfg_attr(not(feature = "macros"), allow(unreachable_pub, reason = "named by expansions alone"))]
pub use timeout::Timeout;

#[cfg(feature = "tokio")]
mod timeout {
    use std::future::Future;

    use pin_project_lite::pin_project;
    use tokio::time::Sleep;

    use super::{Context, Duration, Limit, Pin, Poll};

    pin_project! {
        /// Tokio's timer.
        #[derive(Debug)]
        pub struct Timeout {
            limit: Duration,
            #[pin]
            sleep: Option<Sleep>,
        }
    }

    impl Timeout {
        #[doc(hidden)]
        pub fn new(limit: Duration) -> Self {
            Self { limit, sleep: None }
        }
    }

    impl Limit for Timeout {
        fn poll_elapsed(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Duration> {
            let mut this = self.project();
            if this.sleep.is_none() {
                // A call that is done at its first poll needs no timer.
                this.sleep.set(Some(tokio::time::sleep(*this.limit)));
            }
            match this.sleep.as_pin_mut() {
                Some(sleep) => sleep.poll(context).map(|()| *this.limit),
                None => Poll::Pending,
            }
        }
    }
}
