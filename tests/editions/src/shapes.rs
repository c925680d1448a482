//! Shapes of functions that have more to them than most.

use std::{fmt::Display, future::Future, pin::Pin};

use fluxgate::circuit_breaker;

use crate::support::{tick, Failed};

#[circuit_breaker]
async fn raw(r#type: String, r#fn: String) -> Result<usize, Failed> {
    Ok(r#type.len() + r#fn.len())
}

#[circuit_breaker]
async fn conditional(a: String, #[cfg(any())] b: String, c: String) -> Result<usize, Failed> {
    Ok(a.len() + c.len())
}

#[circuit_breaker]
async fn silenced(a: String, #[allow(unused_variables, reason = "it is allowed")] b: String) -> Result<usize, Failed> {
    Ok(a.len())
}

#[circuit_breaker]
async fn generic<'a, T, const N: usize>(a: T, b: [T; N], c: &'a str) -> Result<&'a str, Failed>
where
    T: Display + Send + Sync + 'a,
{
    tick().await;
    drop((a, b));
    Ok(c)
}

#[circuit_breaker]
async fn opaque(
    a: impl Display,
    _: impl Fn(u8) -> u8,
    (b, _): (impl Into<String>, u8),
) -> Result<impl Iterator<Item = String>, Failed> {
    Ok(vec![a.to_string(), b.into()].into_iter())
}

#[circuit_breaker]
async fn coerced(a: String, b: String) -> Result<Box<dyn Display>, Failed> {
    if a.is_empty() {
        return Ok(Box::new(b));
    }
    Ok(Box::new(1))
}

#[circuit_breaker(fallback = |_| None)]
async fn question_mark(a: String, b: String) -> Option<u32> {
    let a: u32 = a.parse().ok()?;
    let b = b.parse::<u32>().ok()?;
    Some(a + b)
}

#[circuit_breaker]
async fn lent(_a: String, (_b, _c): (String, String), d: &mut [String]) -> Result<&mut String, Failed> {
    tick().await;
    d.last_mut().ok_or(Failed)
}

#[circuit_breaker]
fn lent_sync(_a: String, (_b, _c): (String, String), d: &mut [String]) -> Result<&mut String, Failed> {
    d.last_mut().ok_or(Failed)
}

#[circuit_breaker]
async fn alternatives((Ok(a) | Err(a)): Result<String, String>, [b, ..]: [String; 2]) -> Result<String, Failed> {
    Ok(a + &b)
}

#[circuit_breaker(key = a)]
fn alternatives_with_a_key((Ok(a) | Err(a)): Result<String, String>, mut b: String) -> Result<String, Failed> {
    b.push_str(&a);
    Ok(b)
}

#[circuit_breaker]
#[allow(clippy::too_many_arguments, clippy::many_single_char_names, reason = "it is all about many")]
async fn many(
    a: String,
    b: String,
    c: String,
    d: String,
    e: String,
    f: String,
    g: String,
    h: String,
    i: String,
    j: String,
    k: String,
    l: String,
    m: String,
    n: String,
) -> Result<String, Failed> {
    Ok([a, b, c, d, e, f, g, h, i, j, k, l, m, n].concat())
}

#[circuit_breaker]
async fn recursive(a: String, b: Vec<u8>) -> Result<usize, Failed> {
    if a.is_empty() {
        return Ok(b.len());
    }
    Box::pin(recursive(String::new(), b)).await
}

struct Lender<'a>(&'a mut Vec<u32>);

impl<'a> Lender<'a> {
    #[circuit_breaker]
    async fn last(self, _more: String) -> Result<&'a mut u32, Failed> {
        tick().await;
        self.0.last_mut().ok_or(Failed)
    }

    #[circuit_breaker]
    fn last_sync(self, _more: String) -> Result<&'a mut u32, Failed> {
        self.0.last_mut().ok_or(Failed)
    }

    #[circuit_breaker]
    async fn pinned(self: Pin<&mut Self>, more: String) -> Result<usize, Failed> {
        Ok(self.0.len() + more.len())
    }
}

/// Names from the macro and names from where it is called do not meet.
macro_rules! made {
    ($name:ident, $argument:ident: $type:ty) => {
        #[circuit_breaker(key = x)]
        async fn $name(x: String, $argument: $type) -> Result<usize, Failed> {
            Ok(x.len() + $argument.len())
        }
    };
}

made!(made_by_a_macro, x: String);

/// The same where the macro moves its arguments by name.
macro_rules! made_without_a_key {
    ($name:ident, $argument:ident: $type:ty) => {
        #[circuit_breaker]
        async fn $name(x: String, $argument: $type) -> Result<usize, Failed> {
            Ok(x.len() * 10 + $argument.len())
        }
    };
}

made_without_a_key!(joined, x: String);

#[circuit_breaker(fallback = |_| Ok(Vec::new()))]
async fn generic_result<T>(item: T, fails: bool) -> Result<Vec<T>, Failed> {
    tick().await;
    if fails {
        Err(Failed)
    } else {
        Ok(vec![item])
    }
}

#[circuit_breaker(fallback = |_| vec![])]
async fn generic_value<T>(item: T, _other: String) -> Vec<T> {
    tick().await;
    vec![item]
}

#[circuit_breaker(fallback = |_| Box::new([]))]
fn generic_boxed<'a, T: Send + 'a>(item: T) -> Pin<Box<dyn Future<Output = Box<[T]>> + Send + 'a>> {
    Box::pin(async move {
        tick().await;
        Box::new([item]) as Box<[T]>
    })
}

#[tokio::test]
async fn a_generic_function_may_have_a_fallback() {
    let borrowed = String::from("borrowed");
    assert_eq!(generic_result(&borrowed, false).await, Ok(vec![&borrowed]));
    assert_eq!(generic_result(&borrowed, true).await, Ok(vec![]));
    assert_eq!(generic_value(&borrowed, String::new()).await, [&borrowed]);
    assert_eq!(generic_boxed(&*borrowed).await[..], [&*borrowed]);
    assert_eq!(joined("ab".to_owned(), "c".to_owned()).await, Ok(21));
}

#[tokio::test]
async fn functions_of_every_shape_are_guarded() {
    let text = |text: &str| text.to_owned();
    assert_eq!((raw(text("a"), text("b")).await, conditional(text("a"), text("bc")).await), (Ok(2), Ok(3)));
    assert_eq!(silenced(text("a"), text("b")).await, Ok(1));
    assert_eq!(generic(1, [2, 3], "c").await, Ok("c"));
    assert_eq!(opaque(1, |n| n, ("b", 2)).await.unwrap().collect::<String>(), "1b");
    assert_eq!(coerced(text(""), text("b")).await.unwrap().to_string(), "b");
    assert_eq!((question_mark(text("1"), text("2")).await, question_mark(text("1"), text("b")).await), (Some(3), None));
    let mut texts = vec![text("d")];
    lent(text("a"), (text("b"), text("c")), &mut texts).await.unwrap().push('!');
    lent_sync(text("a"), (text("b"), text("c")), &mut texts).unwrap().push('?');
    assert_eq!(texts, ["d!?"]);
    assert_eq!(alternatives(Err(text("a")), [text("b"), text("c")]).await, Ok(text("ab")));
    assert_eq!(alternatives_with_a_key(Ok(text("a")), text("b")), Ok(text("ba")));
    let m = || text("m");
    let many = many(m(), m(), m(), m(), m(), m(), m(), m(), m(), m(), m(), m(), m(), m()).await;
    assert_eq!(many.unwrap().len(), 14);
    assert_eq!(recursive(text("a"), vec![1]).await, Ok(1));
    let mut numbers = vec![1];
    *Lender(&mut numbers).last(text("a")).await.unwrap() += 1;
    *Lender(&mut numbers).last_sync(text("a")).unwrap() += 1;
    assert_eq!(Pin::new(&mut Lender(&mut numbers)).pinned(text("a")).await, Ok(2));
    assert_eq!(numbers, [3]);
    assert_eq!(made_by_a_macro(text("a"), text("bc")).await, Ok(3));
}
