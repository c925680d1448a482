//! Functions that return a future, and what futures are: `Send`, small, and what they hold.

use std::{
    cell::Cell,
    future::{Future, ready},
    pin::Pin,
    rc::Rc,
};

use fluxgate::{CircuitBreaker, breakers, circuit_breaker};
use fluxgate_tests::fixture::{ApiError, counts, declared};
use tokio::task::yield_now;

use super::{
    NOT_FOUND,
    methods::{Bank, Payments},
};

#[circuit_breaker(name = "impl future")]
fn impl_future(value: u32) -> impl Future<Output = Result<u32, ApiError>> {
    let more = value + 1;
    async move {
        yield_now().await;
        Ok(more)
    }
}

#[circuit_breaker(name = "boxed future")]
fn boxed_future(value: &str) -> Pin<Box<dyn Future<Output = Result<u32, ApiError>> + Send + '_>> {
    if value.is_empty() {
        return Box::pin(ready(Ok(0)));
    }
    Box::pin(async move { value.parse().map_err(|_| NOT_FOUND) })
}

#[circuit_breaker(name = "other future", wrap_error)]
fn other_future(value: u32) -> impl Future<Output = Result<u32, ApiError>> {
    impl_future(value)
}

#[circuit_breaker(name = "other boxed future")]
fn other_boxed_future(value: &str) -> Pin<Box<dyn Future<Output = Result<u32, ApiError>> + Send + '_>> {
    if value == "-" {
        return Box::pin(ready(Ok(0)));
    }
    boxed_future(value)
}

#[tokio::test]
async fn functions_that_return_a_future_are_guarded() {
    assert_eq!(impl_future(1).await, Ok(2));
    assert_eq!((boxed_future("5").await, boxed_future("x").await), (Ok(5), Err(NOT_FOUND)));
    assert_eq!(other_future(5).await, Ok(6));
    assert_eq!((other_boxed_future("-").await, other_boxed_future("x").await), (Ok(0), Err(NOT_FOUND)));
    assert_eq!((counts("impl future"), counts("boxed future")), ((2, 0), (3, 2)));
    assert_eq!((counts("other future"), counts("other boxed future")), ((1, 0), (2, 1)));
    declared("other future").force_open();
    assert!(matches!(other_future(5).await, Err(fluxgate::Error::NotPermitted(_))));
}

#[circuit_breaker]
async fn not_sync(cell: Cell<u32>) -> Result<u32, ApiError> {
    yield_now().await;
    Ok(cell.get())
}

#[circuit_breaker]
async fn not_send(value: Rc<u32>) -> Result<u32, ApiError> {
    yield_now().await;
    Ok(*value)
}

breakers! {
    SHARED { name = "shared async" }
}

#[circuit_breaker(SHARED)]
async fn shared(value: u32) -> Result<u32, ApiError> {
    yield_now().await;
    Ok(value)
}

#[tokio::test]
async fn futures_are_send_where_they_were() {
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }

    assert_eq!(is_send(not_sync(Cell::new(1))).await, Ok(1));
    assert_eq!(is_send(shared(2)).await, Ok(2));
    assert_eq!(is_send(Bank(CircuitBreaker::new("sent")).refund(1)).await, Ok(1));
    assert_eq!(not_send(Rc::new(3)).await, Ok(3));
}

/// Sets its flag when it is dropped.
struct Held(Rc<Cell<bool>>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[circuit_breaker]
async fn holds(_held: Held, _: Held, (_, _one): (Held, u32)) -> Result<(), ApiError> {
    yield_now().await;
    Ok(())
}

#[tokio::test]
async fn arguments_that_the_body_does_not_name_live_as_long_as_the_future() {
    let dropped = [(); 3].map(|()| Rc::new(Cell::new(false)));
    let [a, b, c] = dropped.clone().map(Held);
    let future = holds(a, b, (c, 1));
    assert!(dropped.iter().all(|dropped| !dropped.get()));
    future.await.unwrap();
    assert!(dropped.iter().all(|dropped| dropped.get()));
}

#[allow(clippy::large_types_passed_by_value, reason = "they are what is measured")]
mod sizes {
    use super::*;

    type Page = [u8; 4096];

    macro_rules! pairs {
        ($($name:ident: $body:expr;)*) => {
            mod plain {
                use super::*;
                $(pub(super) async fn $name(page: Page) -> Result<u8, ApiError> { $body(page).await })*
            }
            mod guarded {
                use super::*;
                $(#[circuit_breaker] pub(super) async fn $name(page: Page) -> Result<u8, ApiError> { $body(page).await })*
            }

            #[test]
            fn a_guarded_future_is_hardly_larger_and_holds_no_argument_twice() {
                $(
                    let (plain, guarded) = (plain::$name([0; 4096]), guarded::$name([0; 4096]));
                    let (plain, guarded) = (size_of_val(&plain), size_of_val(&guarded));
                    assert!(guarded <= plain + 256, "{}: {plain} grew to {guarded}", stringify!($name));
                )*
            }
        };
    }

    pairs! {
        read_before_waiting: |page: Page| { let first = page[0]; async move { yield_now().await; Ok(first) } };
        read_after_waiting: |page: Page| async move { yield_now().await; Ok(page[0]) };
        without_waiting: |page: Page| ready(Ok(page[0]));
    }

    #[circuit_breaker]
    async fn held_once(page: Page) -> Result<u8, ApiError> {
        yield_now().await;
        Ok(page[0])
    }

    #[circuit_breaker(timeout = 1s, tracker = Custom(|error| *error == NOT_FOUND), cancelled = "failure")]
    async fn held_once_with_all(page: Page) -> Result<u8, ApiError> {
        yield_now().await;
        Ok(page[0])
    }

    #[test]
    fn an_argument_is_held_once() {
        assert!(size_of_val(&held_once([0; 4096])) < 4096 + 256);
        assert!(size_of_val(&held_once_with_all([0; 4096])) < 4096 + 512);
    }
}
