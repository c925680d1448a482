//! Lints that fire as they would without the attribute.

#![deny(unfulfilled_lint_expectations)]

use fluxgate::circuit_breaker;

use crate::support::{tick, Failed, Told};

#[circuit_breaker]
#[expect(unused_variables, reason = "the second is not used")]
async fn unused_among_others(a: Told, b: Told) -> Result<(), Failed> {
    tick().await;
    a.touch();
    Ok(())
}

#[circuit_breaker]
#[expect(unused_variables, reason = "the second is not used")]
fn unused_among_others_sync(a: Told, b: Told) -> Result<(), Failed> {
    a.touch();
    Ok(())
}

#[circuit_breaker]
#[expect(unused_variables, reason = "what the pattern binds is not used")]
async fn unused_in_a_pattern((a, b): (Told, Told)) -> Result<(), Failed> {
    tick().await;
    a.touch();
    Ok(())
}

#[circuit_breaker]
#[expect(unused_mut, reason = "it is not changed")]
async fn needlessly_mutable(mut a: Told, _b: Told) -> Result<(), Failed> {
    tick().await;
    a.touch();
    Ok(())
}

#[circuit_breaker(key = n)]
fn allowed_in_an_argument(
    #[allow(unused_mut, reason = "it is not changed")] (n, mut text): (u8, String),
    #[allow(unused_variables, reason = "it is not used")] other: Told,
) -> Result<u8, Failed> {
    Ok(n + u8::from(text.is_empty()))
}

struct Client;

impl Client {
    #[circuit_breaker]
    #[warn(clippy::unused_self)]
    async fn needs_no_self(&self) -> Result<u8, Failed> {
        tick().await;
        Ok(1)
    }
}

#[circuit_breaker]
#[expect(clippy::items_after_statements, reason = "the item comes second")]
async fn item_after_a_statement(a: Told, b: Told) -> Result<u32, Failed> {
    a.touch();
    const ONE: u32 = 1;
    b.touch();
    Ok(ONE)
}

#[circuit_breaker(fallback = |_| 0)]
#[must_use]
async fn must_be_used(a: Told) -> u32 {
    a.touch();
    tick().await;
    1
}

#[tokio::test]
async fn lints_of_arguments_and_results_fire_as_without_the_attribute() {
    let told = || Told("told");
    assert_eq!(allowed_in_an_argument((1, "text".to_owned()), told()), Ok(1));
    assert_eq!(Client.needs_no_self().await, Ok(1));
    assert_eq!(unused_among_others(told(), told()).await, Ok(()));
    assert_eq!(unused_among_others_sync(told(), told()), Ok(()));
    assert_eq!(unused_in_a_pattern((told(), told())).await, Ok(()));
    assert_eq!(needlessly_mutable(told(), told()).await, Ok(()));
    assert_eq!(item_after_a_statement(told(), told()).await, Ok(1));
    #[expect(unused_must_use, reason = "it must be used")]
    {
        must_be_used(told()).await;
    }
}

/// Lints that restrict, as far as they can be had.
#[deny(clippy::implicit_return)]
#[allow(clippy::needless_return, reason = "`implicit_return` asks for it")]
mod restricting {
    use super::{circuit_breaker, Failed, Told};

    #[circuit_breaker(name = "returns")]
    fn sync(a: Told, _b: Told) -> Result<u32, Failed> {
        a.touch();
        return Ok(1);
    }

    #[circuit_breaker(key = a.0, fallback = |_| return Ok(n))]
    async fn by_key(a: Told, n: u32) -> Result<u32, Failed> {
        a.touch();
        return Ok(n);
    }

    #[circuit_breaker]
    async fn asynchronous(a: Told, _b: Told) -> Result<u32, Failed> {
        a.touch();
        return Ok(1);
    }

    #[tokio::test]
    async fn a_guarded_function_returns_by_that_word() {
        let told = || return Told("told");
        assert_eq!((sync(told(), told()), by_key(told(), 2).await), (Ok(1), Ok(2)));
        assert_eq!(asynchronous(told(), told()).await, Ok(1));
    }
}
