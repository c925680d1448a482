//! Fallbacks that use what the body uses.

use std::cell::Cell;

use async_trait::async_trait;
use fluxgate::{circuit_breaker, Error};

use crate::support::{tick, Failed};

struct Cache {
    last: String,
    numbers: Vec<u32>,
}

impl Cache {
    #[circuit_breaker(fallback = |_| Ok(self.last.clone()))]
    fn fetch(&mut self, more: &str) -> Result<String, Failed> {
        self.last.push_str(more);
        Err(Failed)
    }

    #[circuit_breaker(fallback = |_| Ok(self.last.clone()))]
    async fn fetch_async(&mut self, more: &str) -> Result<String, Failed> {
        self.last.push_str(more);
        tick().await;
        Err(Failed)
    }

    #[circuit_breaker(fallback = |_| { self.last.clear(); Err(Failed) })]
    fn forget(&mut self, more: String) -> Result<String, Failed> {
        self.last.push_str(&more);
        Err(Failed)
    }

    #[circuit_breaker(fallback = |_| Ok(&self.last))]
    fn shared(&self) -> Result<&str, Failed> {
        if self.last.is_empty() {
            Ok("nothing")
        } else {
            Err(Failed)
        }
    }

    #[circuit_breaker(fallback = |_| Ok(&self.last))]
    async fn shared_async(&self) -> Result<&str, Failed> {
        tick().await;
        if self.last.is_empty() {
            Ok("nothing")
        } else {
            Err(Failed)
        }
    }

    #[circuit_breaker(key = self.last, fallback = |_| Ok(self.numbers.len()))]
    async fn found_by_a_field(&mut self, more: String) -> Result<usize, Failed> {
        tick().await;
        self.last = more;
        Err(Failed)
    }

    #[circuit_breaker(fallback = |error| owned(error, &more))]
    fn borrowed(&mut self, more: String, others: &mut Vec<u32>) -> Result<&mut u32, Failed> {
        self.last.push_str(&more);
        others.clear();
        self.numbers.push(1);
        self.numbers.last_mut().ok_or(Failed)
    }

    #[circuit_breaker(fallback = |error| owned(error, &more))]
    async fn borrowed_async(&mut self, more: String) -> Result<&mut u32, Failed> {
        self.last.push_str(&more);
        tick().await;
        self.numbers.push(1);
        self.numbers.last_mut().ok_or(Failed)
    }
}

#[async_trait]
trait Fetch {
    async fn fetch_boxed(&mut self, more: String) -> Result<String, Failed>;
}

#[async_trait]
impl Fetch for Cache {
    #[circuit_breaker(fallback = |_| Ok(self.last.clone()))]
    async fn fetch_boxed(&mut self, more: String) -> Result<String, Failed> {
        self.last.push_str(&more);
        tick().await;
        Err(Failed)
    }
}

fn owned<'a>(_: Error<Failed>, more: &str) -> Result<&'a mut u32, Failed> {
    assert_eq!(more, "more");
    Err(Failed)
}

#[tokio::test]
async fn a_fallback_may_use_the_self_that_the_body_changed() {
    let mut cache = Cache { last: String::new(), numbers: vec![] };
    assert_eq!(cache.fetch("a"), Ok("a".to_owned()));
    assert_eq!(cache.fetch_async("b").await, Ok("ab".to_owned()));
    assert_eq!(cache.fetch_boxed("c".to_owned()).await, Ok("abc".to_owned()));
    assert_eq!((cache.forget("c".to_owned()), cache.last.as_str()), (Err(Failed), ""));
}

#[tokio::test]
async fn a_result_and_its_fallback_may_both_borrow_from_a_shared_self() {
    let mut cache = Cache { last: String::new(), numbers: vec![] };
    assert_eq!((cache.shared(), cache.shared_async().await), (Ok("nothing"), Ok("nothing")));
    assert_eq!((cache.found_by_a_field("a".to_owned()).await, cache.last.as_str()), (Ok(0), "a"));
    assert_eq!((cache.shared(), cache.shared_async().await), (Ok("a"), Ok("a")));
}

#[tokio::test]
async fn a_result_may_borrow_from_self_beside_a_fallback_that_uses_another_argument() {
    let mut cache = Cache { last: String::new(), numbers: vec![] };
    *cache.borrowed("more".to_owned(), &mut vec![]).unwrap() += 1;
    *cache.borrowed_async("more".to_owned()).await.unwrap() += 2;
    assert_eq!(cache.numbers, [2, 3]);
}

#[circuit_breaker(fallback = |_| Ok(text.len()))]
fn lends(text: String, cell: Cell<u32>) -> Result<usize, Failed> {
    cell.set(cell.get() + 1);
    if text.is_empty() {
        Ok(9)
    } else {
        Err(Failed)
    }
}

#[circuit_breaker(fallback = |_| Ok(text.len()), failed_if = |length| *length > text.len())]
async fn lends_async(text: String, cell: Cell<u32>) -> Result<usize, Failed> {
    cell.set(cell.get() + 1);
    tick().await;
    if text.is_empty() {
        Ok(9)
    } else {
        Err(Failed)
    }
}

#[tokio::test]
async fn a_fallback_may_use_an_argument_that_the_body_borrows() {
    assert_eq!((lends("abc".to_owned(), Cell::new(1)), lends(String::new(), Cell::new(1))), (Ok(3), Ok(9)));
    assert_eq!(lends_async("abc".to_owned(), Cell::new(1)).await, Ok(3));
    assert_eq!(lends_async(String::new(), Cell::new(1)).await, Ok(9));
}

#[circuit_breaker(fallback = |_| panic!("it has not failed"))]
fn trims() -> impl Fn(&str) -> &str {
    |text| text.trim()
}

#[test]
fn a_closure_that_is_returned_has_its_types_from_the_function() {
    assert_eq!(trims()(" a "), "a");
}
