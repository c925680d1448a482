use std::{
    error, fmt,
    future::Future,
    hint::{black_box, spin_loop},
    ops::AddAssign,
    pin::pin,
    task::{Context, Poll, Waker},
};

use fluxgate::CallNotPermitted;

/// A request to the service: for a number, or to fail.
#[derive(Clone, Copy)]
pub(crate) struct Request(u64);

impl Request {
    /// One word for both, because an opaque word costs a store and a load and a struct would cost more.
    pub(crate) const FAIL: Self = Self(0);
    pub(crate) const SOME: Self = Self(1);
}

#[derive(Debug)]
pub(crate) enum Failure {
    Down,
    /// Only a function with the attribute returns this: it has one error type for both.
    NotPermitted,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl error::Error for Failure {}

impl From<CallNotPermitted> for Failure {
    fn from(_: CallNotPermitted) -> Self {
        Self::NotPermitted
    }
}

/// The call that every subject guards.
///
/// A function of its own, so that it is the same code in every loop, and opaque, so that none of them knows its answer.
///
/// # Errors
///
/// [`Failure::Down`] if it is asked to fail.
#[inline(never)]
pub(crate) fn service(request: Request) -> Result<u64, Failure> {
    match black_box(request.0) {
        0 => Err(Failure::Down),
        number => Ok(number),
    }
}

/// The mix of requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    Healthy,
    /// Every tenth request fails.
    TenPercent,
    Failing,
}

impl Traffic {
    /// Every how many requests one fails.
    fn period(self) -> u64 {
        match self {
            Self::Healthy => u64::MAX,
            Self::TenPercent => 10,
            Self::Failing => 1,
        }
    }
}

/// The reason why a call through a breaker gave no answer.
pub(crate) enum Refusal {
    Failed,
    Rejected,
}

/// The results of the calls of a batch.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Tally {
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    pub(crate) rejected: u64,
}

impl Tally {
    pub(crate) fn calls(self) -> u64 {
        self.answered + self.failed + self.rejected
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.failed += other.failed;
        self.rejected += other.rejected;
    }
}

/// Makes `calls` calls, one after the other. Every subject, the bare call too, runs in this loop.
pub(crate) fn drive(traffic: Traffic, calls: u64, mut call: impl FnMut(Request) -> Result<u64, Refusal>) -> Tally {
    let period = traffic.period();
    let mut until_failure = period;
    let mut tally = Tally::default();
    let mut sum = 0_u64;
    for number in 1..=calls {
        // A countdown, as a remainder by an unknown period would take longer than a call.
        until_failure -= 1;
        let request = if until_failure == 0 {
            until_failure = period;
            Request::FAIL
        } else {
            Request(number)
        };
        match call(black_box(request)) {
            Ok(answer) => sum = sum.wrapping_add(answer),
            Err(Refusal::Failed) => tally.failed += 1,
            Err(Refusal::Rejected) => tally.rejected += 1,
        }
    }
    // Every answer is used, at the price of an addition: nothing of a call can be left out.
    black_box(sum);
    tally.answered = calls - tally.failed - tally.rejected;
    tally
}

/// Polls `future` until it is done, without an executor, which would cost more than what is measured.
///
/// A future that waits for another thread is polled again at once.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => spin_loop(),
        }
    }
}
