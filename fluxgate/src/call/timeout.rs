use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// How long a call may take.
pub(crate) trait Limit {
    /// Begins to run, unless it has begun.
    fn begin(self: Pin<&mut Self>) {}

    /// Ready with the limit once it has passed.
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
pub use timer::Timeout;

#[cfg(feature = "tokio")]
mod timer {
    use std::future::Future;

    use pin_project_lite::pin_project;
    use tokio::time::{Instant, Sleep, sleep_until};

    use super::{Context, Duration, Limit, Pin, Poll};

    pin_project! {
        /// Tokio's timer.
        #[derive(Debug)]
        pub struct Timeout {
            limit: Duration,
            deadline: Option<Instant>,
            #[pin]
            sleep: Option<Sleep>,
        }
    }

    impl Timeout {
        #[doc(hidden)]
        pub fn new(limit: Duration) -> Self {
            Self { limit, deadline: None, sleep: None }
        }
    }

    impl Limit for Timeout {
        fn begin(self: Pin<&mut Self>) {
            let this = self.project();
            if this.deadline.is_none() {
                let now = Instant::now();
                // A limit past the end of time is none: tokio's own sleep takes thirty years for that.
                let end = || now + Duration::from_secs(86_400 * 365 * 30);
                *this.deadline = Some(now.checked_add(*this.limit).unwrap_or_else(end));
            }
        }

        fn poll_elapsed(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Duration> {
            let mut this = self.project();
            let Some(deadline) = *this.deadline else { return Poll::Pending };
            if this.sleep.is_none() {
                // A call that is done at its first poll needs no timer.
                this.sleep.set(Some(sleep_until(deadline)));
            }
            let timer = this.sleep.as_pin_mut().map_or(Poll::Pending, |sleep| sleep.poll(context));
            // A future that always finds something ready has used up the task's budget, without which the timer is never
            // ready.
            if timer.is_ready() || Instant::now() >= deadline { Poll::Ready(*this.limit) } else { Poll::Pending }
        }
    }
}
