//! `#[circuit_breaker]` on every shape of sync function.

mod errors;
mod methods;

use std::fmt::Display;

use fluxgate::circuit_breaker;
use fluxgate_tests::fixture::{ApiError, counts, declared};

const NOT_FOUND: ApiError = ApiError::Status(404);

/// Doc comments stay.
#[circuit_breaker(name = "free")]
fn free(fail: bool) -> Result<u32, ApiError> {
    if fail {
        return Err(NOT_FOUND);
    }
    Ok(1)
}

#[test]
fn a_free_function_is_guarded() {
    assert_eq!((free(false), free(true)), (Ok(1), Err(NOT_FOUND)));
    assert_eq!(counts("free"), (2, 1));
    declared("free").force_open();
    assert!(matches!(free(false), Err(ApiError::Rejected(rejection)) if rejection.breaker() == "free"));
}

#[circuit_breaker]
fn with_every_default() -> Result<(), ApiError> {
    Ok(())
}

#[circuit_breaker()]
fn with_empty_parentheses() -> Result<(), ApiError> {
    Ok(())
}

#[test]
fn the_default_name_is_the_path_of_the_function() {
    with_every_default().unwrap();
    with_empty_parentheses().unwrap();
    assert_eq!(counts("macros::shapes::with_every_default"), (1, 0));
    assert_eq!(counts("macros::shapes::with_empty_parentheses"), (1, 0));
}

#[circuit_breaker(name = "question_mark")]
fn question_mark(text: &str) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    let number: u32 = text.parse()?;
    Ok(number)
}

#[test]
fn a_question_mark_returns_from_the_function() {
    assert_eq!(question_mark("7").unwrap(), 7);
    assert!(question_mark("seven").unwrap_err().is::<std::num::ParseIntError>());
    declared("question_mark").force_open();
    assert!(question_mark("7").unwrap_err().is::<fluxgate::CallNotPermitted>());
}

struct Point {
    x: u32,
    y: u32,
}

#[circuit_breaker]
#[allow(clippy::toplevel_ref_arg, clippy::trivially_copy_pass_by_ref, reason = "a pattern like others")]
fn patterns(
    (a, b): (u32, u32),
    Point { x, y: _ }: Point,
    [first, ..]: [u32; 3],
    _: String,
    ref d: u32,
    &e: &u32,
) -> Result<u32, ApiError> {
    Ok(a + b + x + first + *d + e)
}

#[circuit_breaker]
fn mutable(mut sum: u32, mut many: Vec<u32>) -> Result<u32, ApiError> {
    many.push(1);
    sum += many.iter().sum::<u32>();
    Ok(sum)
}

#[test]
fn arguments_may_be_patterns() {
    assert_eq!(patterns((1, 2), Point { x: 3, y: 9 }, [4, 9, 9], String::new(), 5, &6), Ok(21));
    assert_eq!(mutable(1, vec![2]), Ok(4));
    assert_eq!(Point { x: 1, y: 2 }.y, 2);
}

/// Named like everything that the macro could use inside.
#[circuit_breaker(failed_if = |result: &u32| *result > 1000)]
#[expect(clippy::too_many_arguments, reason = "one for each name")]
fn unhygienic(
    breaker: u32,
    error: u32,
    result: u32,
    call: u32,
    seen: u32,
    builder: u32,
    work: u32,
    this: u32,
    own: u32,
) -> Result<u32, ApiError> {
    Ok(breaker + error + result + call + seen + builder + work + this + own)
}

#[test]
fn arguments_may_have_any_name() {
    assert_eq!(unhygienic(1, 1, 1, 1, 1, 1, 1, 1, 1), Ok(9));
}

#[circuit_breaker]
fn elided(text: &str) -> Result<&str, ApiError> {
    Ok(text.trim())
}

#[circuit_breaker]
fn named<'a, 'b: 'a>(text: &'a str, other: &'b str) -> Result<&'a str, ApiError> {
    Ok(if text.is_empty() { other } else { text })
}

#[circuit_breaker]
fn mutably(items: &mut Vec<u32>) -> Result<&mut u32, ApiError> {
    items.push(1);
    items.last_mut().ok_or(NOT_FOUND)
}

#[test]
fn lifetimes_stay() {
    assert_eq!(elided(" a "), Ok("a"));
    assert_eq!(named("", "b"), Ok("b"));
    let mut items = vec![];
    *mutably(&mut items).unwrap() += 1;
    assert_eq!(items, [2]);
}

#[circuit_breaker(name = "generic")]
fn generic<T, const N: usize>(items: [T; N]) -> Result<T, ApiError>
where
    T: Copy + Default,
{
    items.first().copied().ok_or(NOT_FOUND)
}

#[test]
fn instances_of_a_generic_function_share_one_breaker() {
    assert_eq!(generic([1, 2]), Ok(1));
    assert_eq!(generic::<&str, 0>([]), Err(NOT_FOUND));
    assert_eq!(counts("generic"), (2, 1));
}

#[circuit_breaker]
fn impl_trait(items: impl IntoIterator<Item = impl Display>) -> Result<impl Iterator<Item = String>, ApiError> {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    Ok(items.into_iter())
}

#[circuit_breaker(fallback = |_| [0].into_iter())]
fn impl_trait_alone() -> impl Iterator<Item = u32> {
    [1].into_iter()
}

#[test]
fn impl_trait_goes_in_and_out() {
    assert_eq!(impl_trait([1, 2]).unwrap().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(impl_trait_alone().sum::<u32>(), 1);
}

#[circuit_breaker(name = "recursive")]
fn recursive(depth: u32) -> Result<u32, ApiError> {
    if depth == 0 { Ok(0) } else { Ok(recursive(depth - 1)? + 1) }
}

#[test]
fn a_guarded_function_may_call_itself() {
    assert_eq!(recursive(4), Ok(4));
    assert_eq!(counts("recursive"), (5, 0));
}

#[circuit_breaker(fallback = |_| 0)]
extern "C" fn with_an_abi(value: u32) -> u32 {
    value
}

#[test]
fn a_function_keeps_its_abi() {
    let function: extern "C" fn(u32) -> u32 = with_an_abi;
    assert_eq!(function(1), 1);
}

macro_rules! made_by_a_macro {
    ($name:ident($argument:ident: $type:ty) -> $returned:ty $body:block, $rate:literal, $breaker:literal) => {
        #[circuit_breaker(name = $breaker, tripper = MinRequests(2) & FailureRate($rate))]
        fn $name($argument: $type) -> $returned $body
    };
}

made_by_a_macro!(made(value: u32) -> Result<u32, ApiError> { Ok(value) }, 0.5, "made by a macro");

#[test]
fn a_function_made_by_a_macro_is_guarded() {
    assert_eq!(made(1), Ok(1));
    assert_eq!(counts("made by a macro"), (1, 0));
}

#[circuit_breaker(fallback = |_| std::process::exit(1))]
fn diverges() -> ! {
    panic!("as it should")
}

#[test]
#[should_panic(expected = "as it should")]
fn a_function_that_never_returns_is_guarded() {
    diverges();
}

#[test]
fn a_function_in_a_function_and_a_static_of_the_same_name_do_not_meet() {
    #[circuit_breaker(name = "outer")]
    fn outer() -> Result<u32, ApiError> {
        #[circuit_breaker(name = "inner")]
        fn inner() -> Result<u32, ApiError> {
            Ok(1)
        }
        inner()
    }

    assert_eq!(outer(), Ok(1));
    assert_eq!((counts("outer"), counts("inner")), ((1, 0), (1, 0)));
}

#[circuit_breaker(name = "twice, outside")]
#[circuit_breaker(name = "twice, inside")]
fn twice(fail: bool) -> Result<(), ApiError> {
    if fail { Err(NOT_FOUND) } else { Ok(()) }
}

#[test]
fn a_function_may_be_guarded_twice() {
    assert_eq!(twice(true), Err(NOT_FOUND));
    assert_eq!((counts("twice, outside"), counts("twice, inside")), ((1, 1), (1, 1)));
}
