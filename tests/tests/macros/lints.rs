//! Lints fire as they would without the attribute: an `expect` that no lint fulfils fails to compile here.

#![deny(warnings, unfulfilled_lint_expectations)]
#![forbid(unsafe_code)]

use fluxgate::{breakers, circuit_breaker};
use fluxgate_tests::fixture::ApiError;

#[circuit_breaker]
#[expect(dead_code, reason = "nobody calls it")]
fn never_called() -> Result<(), ApiError> {
    Ok(())
}

#[circuit_breaker]
#[expect(dead_code, reason = "nobody calls it")]
async fn never_called_async() -> Result<(), ApiError> {
    Ok(())
}

#[expect(unused_variables, reason = "it is not used")]
#[circuit_breaker]
fn unused_argument(argument: u32) -> Result<(), ApiError> {
    Ok(())
}

#[circuit_breaker]
#[expect(unused_variables, reason = "it is not used")]
async fn unused_async_argument(argument: u32) -> Result<(), ApiError> {
    Ok(())
}

#[circuit_breaker]
#[expect(unused_mut, reason = "it is not changed")]
fn needlessly_mutable(mut argument: u32) -> Result<u32, ApiError> {
    Ok(argument)
}

#[circuit_breaker]
#[expect(unused_mut, reason = "it is not changed")]
async fn needlessly_mutable_async(mut argument: u32) -> Result<u32, ApiError> {
    Ok(argument)
}

#[circuit_breaker]
fn needfully_mutable(mut argument: u32) -> Result<u32, ApiError> {
    argument += 1;
    Ok(argument)
}

#[circuit_breaker]
async fn needfully_mutable_async(mut argument: u32) -> Result<u32, ApiError> {
    argument += 1;
    Ok(argument)
}

#[circuit_breaker]
fn in_the_body() -> Result<(), ApiError> {
    #![expect(unused_assignments, unused_variables, reason = "inner attributes belong to the function")]
    let mut never_read = 1;
    never_read = 2;
    Ok(())
}

#[circuit_breaker]
#[expect(unreachable_code, reason = "after a return")]
async fn after_a_return() -> Result<(), ApiError> {
    return Ok(());
    Ok(())
}

#[circuit_breaker]
#[deprecated = "call another"]
fn old() -> Result<(), ApiError> {
    Ok(())
}

#[circuit_breaker(fallback = |_| 0)]
#[must_use = "it is the answer"]
fn answer() -> u32 {
    42
}

#[circuit_breaker(fallback = |_| 0)]
#[must_use = "it is the answer"]
async fn answer_async() -> u32 {
    42
}

mod hidden {
    fluxgate::breakers! {
        #[expect(dead_code, reason = "nobody names it")]
        UNUSED {}
    }
}

breakers! {
    #[deprecated = "use another"]
    OLD {}
}

#[test]
fn every_expectation_is_fulfilled() {
    #[expect(deprecated, reason = "it is")]
    let old = old();
    #[expect(deprecated, reason = "it is")]
    let breaker = OLD.name();
    assert_eq!((old, breaker), (Ok(()), "old"));
    assert_eq!((unused_argument(1), in_the_body()), (Ok(()), Ok(())));
    assert_eq!((needlessly_mutable(1), needfully_mutable(1)), (Ok(1), Ok(2)));
    assert_eq!(answer(), 42);
    drop((unused_async_argument(1), needlessly_mutable_async(1), needfully_mutable_async(1), after_a_return()));
    drop(answer_async());
}
