use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// A time limit of a call.
pub(crate) trait Limit {
    /// Starts the limit, unless it has started.
    fn begin(self: Pin<&mut Self>) {}

    /// Completes with the limit once it has elapsed.
    fn poll_elapsed(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Duration>;
}

/// No time limit.
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
        /// A time limit measured by tokio's timer.
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
                // A limit that overflows is none: thirty years, as in tokio's own `sleep`.
                let far_future = || now + Duration::from_secs(86_400 * 365 * 30);
                *this.deadline = Some(now.checked_add(*this.limit).unwrap_or_else(far_future));
            }
        }

        fn poll_elapsed(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Duration> {
            let mut this = self.project();
            let Some(deadline) = *this.deadline else { return Poll::Pending };
            if this.sleep.is_none() {
                // Created here, not in `begin`: a call that completes on its first poll needs no timer.
                this.sleep.set(Some(sleep_until(deadline)));
            }
            let timer = this.sleep.as_pin_mut().map_or(Poll::Pending, |sleep| sleep.poll(context));
            // The timer alone is not enough: a future that is always ready uses up the task's budget, and without
            // budget the timer never completes.
            if timer.is_ready() || Instant::now() >= deadline { Poll::Ready(*this.limit) } else { Poll::Pending }
        }
    }
}
