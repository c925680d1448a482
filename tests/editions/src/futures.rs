//! Functions that return a future: none slips past its breaker.

use std::{future::Future, pin::Pin, rc::Rc};

use fluxgate::{circuit_breaker, get, Error};
use futures_util::future::{BoxFuture, LocalBoxFuture};

use crate::support::{tick, Failed};

/// Named as no future is.
type Answer<T> = Pin<Box<dyn Future<Output = T> + Send + Sync>>;

/// Named as a future is.
type FutureOf<T> = std::result::Result<T, Failed>;

async fn inner(n: u32) -> Result<u32, Failed> {
    tick().await;
    if n > 3 {
        Err(Failed)
    } else {
        Ok(n)
    }
}

#[circuit_breaker(name = "whole")]
fn whole(n: u32) -> BoxFuture<'static, Result<u32, Failed>> {
    Box::pin(inner(n))
}

#[circuit_breaker(name = "whole with a fallback", fallback = |_| Ok(n + 100))]
fn whole_with_a_fallback(n: u32) -> BoxFuture<'static, Result<u32, Failed>> {
    Box::pin(inner(n))
}

#[circuit_breaker(name = "early", timeout = 1s)]
fn early(n: u32) -> BoxFuture<'static, Result<u32, Failed>> {
    if n > 3 {
        return Box::pin(async { Err(Failed) });
    }
    Box::pin(async move {
        tick().await;
        Ok(n)
    })
}

#[circuit_breaker(name = "early by its type")]
fn early_by_its_type(n: &str) -> Pin<Box<dyn Future<Output = Result<&str, Failed>> + Send + '_>> {
    if n.is_empty() {
        return Box::pin(async { Err(Failed) });
    }
    Box::pin(async move {
        tick().await;
        Ok(n)
    })
}

#[circuit_breaker(name = "block by an alias")]
fn block(n: &str) -> BoxFuture<'_, Result<u32, Failed>> {
    Box::pin(async move {
        tick().await;
        let n: u32 = n.parse().map_err(|_| Failed)?;
        Ok(n)
    })
}

#[circuit_breaker(name = "wrapped", wrap_error)]
fn wrapped(n: u32) -> BoxFuture<'static, Result<u32, Failed>> {
    Box::pin(inner(n))
}

#[circuit_breaker(name = "wrapped block", wrap_error)]
fn wrapped_block(n: u32) -> BoxFuture<'static, Result<u32, Failed>> {
    Box::pin(async move { inner(n).await })
}

#[circuit_breaker(name = "local")]
fn local(n: &str) -> LocalBoxFuture<'_, Result<usize, Failed>> {
    let n = Rc::new(n.len());
    Box::pin(async move {
        tick().await;
        Err(if *n > 1 { Failed } else { return Ok(*n) })
    })
}

#[circuit_breaker(name = "sync too", failed_if = |n| *n > limit, fallback = |_| 0)]
fn sync_too(n: u32, limit: u32) -> Answer<u32> {
    if n > 3 {
        return Box::pin(std::future::ready(n));
    }
    Box::pin(std::future::ready(n + 1))
}

#[circuit_breaker(name = "boxed opaque")]
fn boxed_opaque(n: u32) -> Pin<Box<impl Future<Output = Result<u32, Failed>>>> {
    Box::pin(inner(n))
}

#[circuit_breaker(name = "no future")]
fn no_future(n: u32) -> FutureOf<u32> {
    if n > 3 {
        Err(Failed)
    } else {
        Ok(n)
    }
}

#[circuit_breaker(name = "no future with a fallback", fallback = |_| Ok(n + 100))]
fn no_future_with_a_fallback(n: u32) -> FutureOf<u32> {
    if n > 3 {
        Err(Failed)
    } else {
        Ok(n)
    }
}

fn counts(name: &str) -> (u64, u64) {
    let info = get(name).unwrap().info();
    (info.calls, info.failures)
}

#[tokio::test]
async fn boxed_futures_are_guarded_under_any_alias_and_wherever_the_function_returns_them() {
    assert_eq!((whole(1).await, whole(4).await), (Ok(1), Err(Failed)));
    assert_eq!((whole_with_a_fallback(1).await, whole_with_a_fallback(4).await), (Ok(1), Ok(104)));
    assert_eq!((early(1).await, early(4).await), (Ok(1), Err(Failed)));
    assert_eq!((early_by_its_type("a").await, early_by_its_type("").await), (Ok("a"), Err(Failed)));
    assert_eq!((block("1").await, block("a").await), (Ok(1), Err(Failed)));
    assert_eq!((wrapped(1).await.ok(), wrapped_block(1).await.ok()), (Some(1), Some(1)));
    assert!(matches!((wrapped(4).await, wrapped_block(4).await), (Err(Error::Inner(_)), Err(Error::Inner(_)))));
    assert_eq!((local("a").await, local("ab").await), (Ok(1), Err(Failed)));
    assert_eq!((sync_too(1, 3).await, sync_too(4, 3).await), (2, 4));
    for name in ["whole", "whole with a fallback", "early", "early by its type", "block by an alias"] {
        assert_eq!(counts(name), (2, 1), "{name}");
    }
    assert_eq!((boxed_opaque(1).await, boxed_opaque(4).await), (Ok(1), Err(Failed)));
    for name in ["boxed opaque", "wrapped", "wrapped block", "local", "sync too"] {
        assert_eq!(counts(name), (2, 1), "{name}");
    }
    get("early").unwrap().force_open();
    assert_eq!((early(1).await, early(4).await), (Err(Failed), Err(Failed)));
    assert_eq!(get("early").unwrap().info().rejected, 2);
}

#[test]
fn a_result_is_guarded_whatever_its_alias_is_called() {
    assert_eq!((no_future(1), no_future(4)), (Ok(1), Err(Failed)));
    assert_eq!((no_future_with_a_fallback(1), no_future_with_a_fallback(4)), (Ok(1), Ok(104)));
    assert_eq!((counts("no future"), counts("no future with a fallback")), ((2, 1), (2, 1)));
}
