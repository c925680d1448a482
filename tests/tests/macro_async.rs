//! `#[circuit_breaker]` on every shape of function whose result comes from a future.

use std::{
    cell::Cell,
    fmt::Display,
    future::{Future, ready},
    pin::Pin,
    rc::Rc,
    sync::Arc,
};

use async_trait::async_trait;
use fluxgate::{CircuitBreaker, breakers, circuit_breaker};
use fluxgate_tests::fixture::{ApiError, counts, declared};
use tokio::task::yield_now;

const NOT_FOUND: ApiError = ApiError::Status(404);

#[circuit_breaker(name = "async free")]
async fn free(fail: bool) -> Result<u32, ApiError> {
    yield_now().await;
    if fail {
        return Err(NOT_FOUND);
    }
    Ok(1)
}

#[tokio::test]
async fn an_async_function_is_guarded() {
    assert_eq!((free(false).await, free(true).await), (Ok(1), Err(NOT_FOUND)));
    assert_eq!(counts("async free"), (2, 1));
    declared("async free").force_open();
    assert!(matches!(free(false).await, Err(ApiError::Rejected(_))));
}

#[circuit_breaker(name = "never polled")]
async fn never_polled() -> Result<(), ApiError> {
    Ok(())
}

#[test]
fn a_future_that_is_never_polled_takes_nothing() {
    drop(never_polled());
    assert_eq!(counts("never polled"), (0, 0));
}

#[circuit_breaker]
async fn question_mark(text: &str) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    let number: u32 = text.parse()?;
    yield_now().await;
    Ok(number)
}

#[circuit_breaker]
async fn coerced(items: &mut Vec<String>) -> Result<&str, ApiError> {
    items.push("a".to_owned());
    yield_now().await;
    Ok(&items[0])
}

#[circuit_breaker]
#[allow(clippy::many_single_char_names, clippy::trivially_copy_pass_by_ref, reason = "it is all about patterns")]
async fn patterns((a, mut b): (u32, u32), _: String, ref c: u32, mut d: Vec<u32>, &e: &u32) -> Result<u32, ApiError> {
    d.push(*c);
    b += 1;
    yield_now().await;
    Ok(a + b + e + d.iter().sum::<u32>())
}

#[circuit_breaker]
async fn generic<'a, T, const N: usize>(
    items: &'a [T; N],
    more: impl Into<u32>,
) -> Result<(&'a T, impl Display), ApiError>
where
    T: Sync,
{
    let more = more.into();
    yield_now().await;
    items.first().map(|item| (item, more)).ok_or(NOT_FOUND)
}

#[tokio::test]
async fn bodies_and_arguments_mean_what_they_meant() {
    assert_eq!(question_mark("7").await.unwrap(), 7);
    assert!(question_mark("seven").await.is_err());
    assert_eq!(coerced(&mut vec![]).await, Ok("a"));
    assert_eq!(patterns((1, 2), String::new(), 3, vec![4], &5).await, Ok(16));
    let (item, more) = generic(&["a"], 3_u16).await.unwrap();
    assert_eq!(format!("{item}{more}"), "a3");
}

struct Client {
    breaker: CircuitBreaker,
    count: u32,
}

impl Client {
    fn new() -> Self {
        Self { breaker: CircuitBreaker::new("of an async client"), count: 0 }
    }

    #[circuit_breaker]
    async fn by_reference(&self) -> Result<&u32, ApiError> {
        yield_now().await;
        Ok(&self.count)
    }

    #[circuit_breaker]
    async fn by_value(mut self) -> Result<Self, ApiError> {
        self.count += 1;
        Ok(self)
    }

    #[circuit_breaker]
    async fn by_arc(self: Arc<Self>) -> Result<u32, ApiError> {
        yield_now().await;
        Ok(self.count)
    }

    #[circuit_breaker(self.breaker)]
    async fn its_own(&mut self, more: u32) -> Result<&mut u32, ApiError> {
        yield_now().await;
        self.count += more;
        Ok(&mut self.count)
    }
}

#[tokio::test]
async fn async_methods_take_every_self() {
    let mut client = Client::new().by_value().await.unwrap();
    assert_eq!(client.by_reference().await, Ok(&1));
    *client.its_own(2).await.unwrap() += 1;
    assert_eq!((client.breaker.info().calls, client.count), (1, 4));
    assert_eq!(Arc::new(client).by_arc().await, Ok(4));
}

trait Payments {
    async fn charge(&self, amount: u32) -> Result<u32, ApiError>;

    fn refund(&self, amount: u32) -> impl Future<Output = Result<u32, ApiError>> + Send;

    #[circuit_breaker(name = "provided async")]
    async fn provided(&self, amount: u32) -> Result<u32, ApiError> {
        self.charge(amount).await
    }
}

struct Bank(CircuitBreaker);

impl Payments for Bank {
    #[circuit_breaker(self.0)]
    async fn charge(&self, amount: u32) -> Result<u32, ApiError> {
        yield_now().await;
        Ok(amount)
    }

    #[circuit_breaker]
    async fn refund(&self, amount: u32) -> Result<u32, ApiError> {
        yield_now().await;
        Ok(amount)
    }
}

#[tokio::test]
async fn native_async_traits_are_guarded() {
    let bank = Bank(CircuitBreaker::new("of a bank"));
    assert_eq!((bank.provided(1).await, bank.refund(2).await), (Ok(1), Ok(2)));
    assert_eq!((bank.0.info().calls, counts("provided async")), (1, (1, 0)));
}

#[async_trait]
trait BoxedPayments: Sync {
    async fn charge_boxed(&self, amount: u32) -> Result<u32, ApiError>;

    #[circuit_breaker(name = "provided boxed")]
    async fn provided_boxed(&self, amount: u32) -> Result<u32, ApiError> {
        self.charge_boxed(amount).await
    }
}

#[async_trait]
impl BoxedPayments for Bank {
    #[circuit_breaker(self.0, failed_if = |charged| *charged > 5)]
    async fn charge_boxed(&self, amount: u32) -> Result<u32, ApiError> {
        yield_now().await;
        if amount == 0 {
            Err(NOT_FOUND)?;
        }
        Ok(amount)
    }
}

#[async_trait(?Send)]
trait LocalPayments {
    async fn charge(&self, amount: u32) -> Result<u32, ApiError>;
}

#[async_trait(?Send)]
impl LocalPayments for CircuitBreaker {
    #[circuit_breaker(self, fallback = |_| Ok(amount + 1))]
    async fn charge(&self, amount: u32) -> Result<u32, ApiError> {
        let local = Rc::new(amount);
        yield_now().await;
        Err(ApiError::Status(u16::try_from(*local).unwrap_or(0)))
    }
}

#[tokio::test]
async fn methods_of_async_trait_are_guarded() {
    let bank = Bank(CircuitBreaker::new("of a boxed bank"));
    let boxed: &dyn BoxedPayments = &bank;
    assert_eq!((boxed.provided_boxed(0).await, boxed.charge_boxed(6).await), (Err(NOT_FOUND), Ok(6)));
    assert_eq!((bank.0.info().calls, bank.0.info().failures, counts("provided boxed")), (2, 2, (1, 1)));
    assert_eq!(CircuitBreaker::new("local").charge(7).await, Ok(8));
}

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
async fn recursive(depth: u32) -> Result<u32, ApiError> {
    if depth == 0 { Ok(0) } else { Ok(Box::pin(recursive(depth - 1)).await? + 1) }
}

#[tokio::test]
async fn an_async_function_may_call_itself() {
    assert_eq!(recursive(3).await, Ok(3));
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

#[circuit_breaker]
#[doc = "looks for `async` in what is left to it"]
#[tracing::instrument(skip_all, name = "inside")]
async fn another_macro_below() -> Result<bool, ApiError> {
    yield_now().await;
    Ok(tracing::Span::current().metadata().is_some_and(|metadata| metadata.name() == "inside"))
}

#[tracing::instrument(skip_all, name = "outside")]
#[circuit_breaker]
async fn another_macro_above() -> Result<bool, ApiError> {
    yield_now().await;
    Ok(tracing::Span::current().metadata().is_some_and(|metadata| metadata.name() == "outside"))
}

#[circuit_breaker(name = "a main")]
#[tokio::main(flavor = "current_thread")]
async fn a_main() -> Result<u32, ApiError> {
    yield_now().await;
    Ok(1)
}

#[test]
fn other_macros_stand_above_or_below() {
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::sink).finish();
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(another_macro_below()), Ok(true));
        assert_eq!(runtime.block_on(another_macro_above()), Ok(true));
    });
    assert_eq!(a_main(), Ok(1));
    assert_eq!(counts("a main"), (1, 0));
}
