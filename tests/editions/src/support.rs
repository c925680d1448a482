//! Values that tell when they are used and dropped, and functions that are there twice.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use fluxgate::{CallNotPermitted, CallTimedOut};

thread_local! {
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub fn tell(what: impl Into<String>) {
    TOLD.with(|told| told.borrow_mut().push(what.into()));
}

/// What was told on this thread since the last time.
pub fn told() -> Vec<String> {
    TOLD.with(|told| std::mem::take(&mut *told.borrow_mut()))
}

/// A value that tells when it is dropped.
#[derive(Debug)]
pub struct Told(pub &'static str);

impl Told {
    pub fn touch(&self) {
        tell(format!("use {}", self.0));
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        tell(format!("drop {}", self.0));
    }
}

pub struct Job {
    pub permit: Told,
    pub data: Told,
}

pub fn job() -> Job {
    Job { permit: Told("permit"), data: Told("data") }
}

/// An extractor of a web framework, say.
pub struct State<T>(pub T);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

impl From<CallNotPermitted> for Failed {
    fn from(_: CallNotPermitted) -> Self {
        Self
    }
}

impl From<CallTimedOut> for Failed {
    fn from(_: CallTimedOut) -> Self {
        Self
    }
}

/// Waits for one poll.
#[derive(Default)]
pub struct Tick(bool);

impl Future for Tick {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

pub fn tick() -> Tick {
    Tick::default()
}

/// What a future tells that is dropped after so many polls, or is ready before.
pub fn polled<F: Future>(future: F, times: usize) -> Vec<String> {
    let mut future = Box::pin(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if future.as_mut().poll(&mut context).is_ready() {
            tell("ready");
            break;
        }
    }
    drop(future);
    told()
}

/// The same functions in two modules: `plain` as they are written, and `guarded` with the attribute, the arguments of
/// which stand before them in brackets.
macro_rules! twice {
    ($([$($arguments:tt)*] $name:ident { $($function:tt)* })*) => {
        pub mod plain {
            #[allow(unused_imports, reason = "not each is used in each")]
            use super::*;
            $(pub mod $name {
                use super::*;
                $($function)*
            })*
        }
        pub mod guarded {
            #[allow(unused_imports, reason = "not each is used in each")]
            use super::*;
            $(pub mod $name {
                use super::*;
                #[fluxgate::circuit_breaker($($arguments)*)]
                $($function)*
            })*
        }
    };
}

pub(crate) use twice;

/// Drops functions that are there twice after some polls, and compares what both tell.
macro_rules! compare {
    ($($name:ident($($argument:expr),*);)*) => {
        $(
            for times in 0..4 {
                let plain = $crate::support::polled(plain::$name::call($($argument),*), times);
                let guarded = $crate::support::polled(guarded::$name::call($($argument),*), times);
                assert_eq!(plain, guarded, "{}, dropped after {times} polls", stringify!($name));
            }
        )*
    };
}

pub(crate) use compare;
