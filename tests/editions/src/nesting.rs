//! How deep guarded functions may await one another, by the compiler's default limit.

use std::future::Future;

use crate::support::Failed;

/// Functions that await the next one each.
macro_rules! chain {
    ($module:ident($n:ident) $arguments:tt $($name:ident $next:ident),*) => {
        mod $module {
            use super::*;

            $(
                #[fluxgate::circuit_breaker $arguments]
                pub async fn $name($n: u32) -> Result<u32, Failed> {
                    $next($n + 1).await
                }
            )*
            async fn last(n: u32) -> Result<u32, Failed> {
                Ok(n)
            }
        }
    };
}

chain! {
    plain(n) ()
        f0 f1, f1 f2, f2 f3, f3 f4, f4 f5, f5 f6, f6 f7, f7 f8,
        f8 f9, f9 f10, f10 f11, f11 f12, f12 f13, f13 f14, f14 f15, f15 f16,
        f16 f17, f17 f18, f18 f19, f19 last
}

chain! {
    with_a_fallback(n) (fallback = |_| Ok(n))
        f0 f1, f1 f2, f2 f3, f3 f4, f4 f5, f5 f6, f6 f7, f7 f8,
        f8 f9, f9 f10, f10 f11, f11 f12, f12 f13, f13 f14, f14 f15, f15 f16,
        f16 last
}

chain! {
    by_a_key(n) (key = n)
        f0 f1, f1 f2, f2 f3, f3 f4, f4 f5, f5 f6, f6 f7, f7 f8,
        f8 f9, f9 f10, f10 f11, f11 last
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn as_many_guarded_functions_as_the_docs_say_may_await_one_another() {
    assert_eq!(is_send(plain::f0(0)).await, Ok(20));
    assert_eq!(is_send(with_a_fallback::f0(0)).await, Ok(17));
    assert_eq!(is_send(by_a_key::f0(0)).await, Ok(12));
}
