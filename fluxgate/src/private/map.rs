//! A future whose output goes through a function.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

pin_project! {
    /// An `async` block that awaits the future would hold it twice: once as captured, once as awaited.
    pub(super) struct Map<F, G> {
        #[pin]
        future: F,
        then: Option<G>,
    }
}

pub(super) fn map<F: Future, R, G: FnOnce(F::Output) -> R>(future: F, then: G) -> Map<F, G> {
    Map { future, then: Some(then) }
}

impl<F: Future, R, G: FnOnce(F::Output) -> R> Future for Map<F, G> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        let output = ready!(this.future.poll(context));
        match this.then.take() {
            Some(then) => Poll::Ready(then(output)),
            None => panic!("a guarded future was polled after it was done"),
        }
    }
}
