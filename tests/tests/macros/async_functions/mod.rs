//! `#[circuit_breaker]` on every shape of function whose result comes from a future.

mod futures;
mod methods;

use std::fmt::Display;

use fluxgate::circuit_breaker;
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
#[allow(clippy::toplevel_ref_arg, reason = "it fires as without the attribute")]
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

#[circuit_breaker]
async fn recursive(depth: u32) -> Result<u32, ApiError> {
    if depth == 0 { Ok(0) } else { Ok(Box::pin(recursive(depth - 1)).await? + 1) }
}

#[tokio::test]
async fn an_async_function_may_call_itself() {
    assert_eq!(recursive(3).await, Ok(3));
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
