//! What is `Send` without the attribute is so with it.

use std::{cell::Cell, future::Future};

use async_trait::async_trait;
use fluxgate::{circuit_breaker, get};

use crate::support::{tick, Failed, State};

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[circuit_breaker]
#[tracing::instrument(skip_all)]
async fn another_macro_below(n: u32, text: String) -> Result<u32, Failed> {
    tick().await;
    if text.is_empty() {
        Ok(n)
    } else {
        Err(Failed)
    }
}

#[circuit_breaker(fallback = |_| n)]
#[must_use]
async fn must_be_used(n: u32, cell: Cell<u32>) -> u32 {
    tick().await;
    n + cell.get()
}

#[circuit_breaker(fallback = |_| Ok(n))]
async fn with_a_fallback(n: u32, cell: Cell<u32>) -> Result<u32, Failed> {
    tick().await;
    if cell.get() > 0 {
        Err(Failed)
    } else {
        Ok(0)
    }
}

#[circuit_breaker(fallback = |_| Ok(text.len()))]
async fn with_a_fallback_that_borrows(text: String, cell: Cell<u32>) -> Result<usize, Failed> {
    tick().await;
    cell.set(1);
    if text.is_empty() {
        Ok(0)
    } else {
        Err(Failed)
    }
}

#[circuit_breaker(failed_if = |m| *m > n)]
async fn with_a_predicate(n: u32, cell: Cell<u32>) -> Result<u32, Failed> {
    tick().await;
    Ok(n + cell.get())
}

#[circuit_breaker(name = "tracked by an argument", tracker = Custom(|_| tracked))]
async fn with_a_tracker(tracked: bool, cell: Cell<u32>) -> Result<u32, Failed> {
    tick().await;
    cell.set(1);
    Err(Failed)
}

#[circuit_breaker(key = host)]
async fn by_a_key(State(host): State<String>, cell: Cell<u32>) -> Result<usize, Failed> {
    tick().await;
    cell.set(1);
    Ok(host.len())
}

#[async_trait]
trait Payments {
    async fn charge(&self, amount: u32, text: String) -> Result<u32, Failed>;
}

struct Bank;

#[async_trait]
impl Payments for Bank {
    #[circuit_breaker(fallback = |_| Ok(amount))]
    async fn charge(&self, amount: u32, text: String) -> Result<u32, Failed> {
        tick().await;
        if text.is_empty() {
            Ok(amount + 1)
        } else {
            Err(Failed)
        }
    }
}

#[circuit_breaker(fallback = |_| Ok(amount))]
fn boxed(amount: u32) -> std::pin::Pin<Box<dyn Future<Output = Result<u32, Failed>> + Send>> {
    Box::pin(async move {
        tick().await;
        if amount > 1 {
            Err(Failed)
        } else {
            Ok(0)
        }
    })
}

#[tokio::test]
async fn futures_are_send_and_can_be_spawned_with_every_argument_of_the_attribute() {
    assert_eq!(is_send(another_macro_below(1, String::new())).await, Ok(1));
    assert_eq!(is_send(must_be_used(1, Cell::new(2))).await, 3);
    assert_eq!(is_send(with_a_fallback(1, Cell::new(2))).await, Ok(1));
    assert_eq!(is_send(with_a_fallback_that_borrows("ab".to_owned(), Cell::new(2))).await, Ok(2));
    assert_eq!(is_send(with_a_predicate(1, Cell::new(2))).await, Ok(3));
    assert_eq!(is_send(with_a_tracker(false, Cell::new(2))).await, Err(Failed));
    assert_eq!(get("tracked by an argument").unwrap().info().failures, 0);
    assert_eq!(is_send(by_a_key(State("a".to_owned()), Cell::new(2))).await, Ok(1));
    assert_eq!(is_send(Bank.charge(7, "a".to_owned())).await, Ok(7));
    assert_eq!(is_send(boxed(2)).await, Ok(2));
    let spawned = tokio::spawn(with_a_fallback_that_borrows("abc".to_owned(), Cell::new(2)));
    assert_eq!(spawned.await.unwrap(), Ok(3));
}
