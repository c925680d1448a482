//! Errors of every sort, under every name.

use fluxgate::{breakers, circuit_breaker};
use fluxgate_tests::fixture::{ApiError, counts};

#[circuit_breaker]
fn generic_error<E: From<fluxgate::CallNotPermitted>>(error: E) -> Result<(), E> {
    Err(error)
}

struct Borrowed<'a>(&'a str);

impl From<fluxgate::CallNotPermitted> for Borrowed<'_> {
    fn from(_: fluxgate::CallNotPermitted) -> Self {
        Borrowed("rejected")
    }
}

#[circuit_breaker]
fn borrowed_error(text: &str) -> Result<(), Borrowed<'_>> {
    Err(Borrowed(text))
}

breakers! {
    SHARED { name = "shared" }
}

#[circuit_breaker(SHARED)]
fn borrowed_error_of_a_shared_breaker(text: &str) -> Result<(), Borrowed<'_>> {
    Err(Borrowed(text))
}

#[circuit_breaker(SHARED)]
fn generic_error_of_a_shared_breaker<E>(error: E) -> Result<(), E>
where
    E: From<fluxgate::CallNotPermitted>,
{
    Err(error)
}

#[test]
fn an_error_may_borrow() {
    assert!(matches!(generic_error(Borrowed("a")), Err(Borrowed("a"))));
    assert!(matches!(borrowed_error("b"), Err(Borrowed("b"))));
    assert!(matches!(borrowed_error_of_a_shared_breaker("c"), Err(Borrowed("c"))));
    assert!(matches!(generic_error_of_a_shared_breaker(Borrowed("d")), Err(Borrowed("d"))));
    assert_eq!(counts("shared"), (2, 2));
}

type Aliased<T> = Result<T, ApiError>;

#[circuit_breaker]
fn aliased() -> Aliased<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = |error| Err(std::io::Error::other(error)), name = "alias with a fallback")]
fn aliased_with_a_fallback() -> std::io::Result<u32> {
    Err(std::io::ErrorKind::NotFound.into())
}

#[test]
fn a_result_may_have_another_name() {
    assert_eq!(aliased(), Ok(1));
    assert!(aliased_with_a_fallback().is_err());
    assert_eq!(counts("alias with a fallback"), (1, 1));
}

#[test]
fn errors_that_know_of_any_error_need_no_impl() {
    #[circuit_breaker]
    fn by_anyhow() -> anyhow::Result<u32> {
        anyhow::bail!("down")
    }

    #[circuit_breaker]
    fn by_eyre() -> eyre::Result<u32> {
        eyre::bail!("down")
    }

    #[circuit_breaker]
    fn by_box() -> Result<u32, Box<dyn std::error::Error>> {
        Err("down".into())
    }

    assert_eq!(by_anyhow().unwrap_err().to_string(), "down");
    assert_eq!(by_eyre().unwrap_err().to_string(), "down");
    assert_eq!(by_box().unwrap_err().to_string(), "down");
}
