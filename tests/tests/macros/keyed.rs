//! Sets of breakers by the macros.

use std::fmt;

use fluxgate::{CallNotPermitted, CircuitBreaker, State, breakers, circuit_breaker, get};

#[derive(Debug, PartialEq)]
enum ApiError {
    Rejected,
    Down,
}

impl From<CallNotPermitted> for ApiError {
    fn from(_: CallNotPermitted) -> Self {
        Self::Rejected
    }
}

breakers! {
    default {
        tripper = FailureStreak(1),
    }

    /// A breaker for each host.
    #[expect(unreachable_pub, reason = "any visibility may be written")]
    pub PER_HOST[max = 2, idle = 10m, exported_keys = 5] {
        retry = Cooldown(1h),
    }

    PER_TENANT[key = u64] { name = "tenants" }

    ONE {}

    #[allow(dead_code)]
    DEFAULTS[] {}
}

#[circuit_breaker(PER_HOST.get(host))]
fn fetch(host: &str, well: bool) -> Result<usize, ApiError> {
    if well { Ok(host.len()) } else { Err(ApiError::Down) }
}

#[circuit_breaker(PER_TENANT.get(&tenant))]
async fn bill(tenant: u64) -> Result<u64, ApiError> {
    if tenant == 13 { Err(ApiError::Down) } else { Ok(tenant) }
}

#[test]
fn a_declared_set_guards_a_function_by_the_key_of_its_arguments() {
    assert_eq!(fetch("a", false), Err(ApiError::Down));
    assert_eq!(fetch("a", true), Err(ApiError::Rejected));
    assert_eq!(fetch("b", true), Ok(1));
    assert_eq!(PER_HOST.get("a").info().state, State::Open);
    assert_eq!(PER_HOST.get("b").name(), "per_host{b}");
    PER_HOST.get("c");
    assert_eq!(PER_HOST.len(), 2, "as many as the brackets say");
    assert_eq!(ONE.name(), "one");
}

#[tokio::test]
async fn a_declared_set_may_have_keys_of_another_type() {
    assert_eq!(bill(13).await, Err(ApiError::Down));
    assert_eq!(bill(13).await, Err(ApiError::Rejected));
    assert_eq!(bill(14).await, Ok(14));
    assert_eq!(PER_TENANT.get(&13).name(), "tenants{13}");
}

#[circuit_breaker(name = "fetches", key = host, tripper = FailureStreak(1), max = 100, idle = "1h", exported_keys = 7)]
fn own_fetch(host: &str, well: bool) -> Result<usize, ApiError> {
    if well { Ok(host.len()) } else { Err(ApiError::Down) }
}

fn opened(name: &str) -> Option<State> {
    get(name).map(|breaker: CircuitBreaker| breaker.info().state)
}

#[test]
fn a_function_of_its_own_has_a_breaker_for_each_key() {
    assert_eq!(own_fetch("a", false), Err(ApiError::Down));
    assert_eq!(own_fetch("a", true), Err(ApiError::Rejected));
    assert_eq!(own_fetch("b", true), Ok(1));
    assert_eq!((opened("fetches{a}"), opened("fetches{b}")), (Some(State::Open), Some(State::Closed)));
}

#[circuit_breaker(key = host, tripper = FailureStreak(1))]
fn unnamed(host: &str) -> Result<usize, ApiError> {
    Ok(host.len())
}

#[test]
fn without_a_name_the_set_is_called_as_the_function_is() {
    assert_eq!(unnamed("a"), Ok(1));
    assert_eq!(opened("macros::keyed::unnamed{a}"), Some(State::Closed));
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Region {
    North,
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::North => formatter.write_str("north"),
        }
    }
}

struct Request {
    host: String,
    region: Region,
}

impl Request {
    fn host(&self) -> &str {
        &self.host
    }
}

#[circuit_breaker(name = "by field", key = request.host)]
fn by_field(request: Request) -> Result<String, ApiError> {
    Ok(request.host)
}

#[circuit_breaker(name = "by method", key = request.host())]
async fn by_method(request: &Request) -> Result<usize, ApiError> {
    Ok(request.host.len())
}

#[circuit_breaker(name = "by enum", key = request.region)]
fn by_enum(request: &Request) -> Result<(), ApiError> {
    drop(request.host().to_owned());
    Ok(())
}

#[circuit_breaker(name = "by text", key = format!("{}/{shard}", request.host))]
fn by_text(request: &Request, shard: u8) -> Result<u8, ApiError> {
    Ok(shard)
}

#[circuit_breaker(name = "by owned", key = host)]
async fn by_owned(host: String) -> Result<String, ApiError> {
    Ok(host)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "a key by reference is what is tested")]
#[circuit_breaker(name = "by reference", key = number)]
fn by_reference(number: &u32) -> Result<u32, ApiError> {
    Ok(*number)
}

#[tokio::test]
async fn the_key_may_be_any_expression_and_is_still_the_bodys_to_use() {
    let request = || Request { host: "a".to_owned(), region: Region::North };
    assert_eq!(by_field(request()), Ok("a".to_owned()));
    assert_eq!(by_method(&request()).await, Ok(1));
    assert_eq!(by_enum(&request()), Ok(()));
    assert_eq!(by_text(&request(), 3), Ok(3));
    assert_eq!(by_owned("a".to_owned()).await, Ok("a".to_owned()));
    assert_eq!(by_reference(&9), Ok(9));
    for name in ["by field{a}", "by method{a}", "by enum{north}", "by text{a/3}", "by owned{a}", "by reference{9}"] {
        assert_eq!(opened(name), Some(State::Closed), "{name}");
    }
}

struct Client {
    host: String,
}

impl Client {
    #[circuit_breaker(name = "client", key = self.host, tripper = FailureStreak(1))]
    fn send(&mut self, well: bool) -> Result<(), ApiError> {
        self.host.push('!');
        self.host.pop();
        if well { Ok(()) } else { Err(ApiError::Down) }
    }
}

#[test]
fn a_method_that_changes_self_may_have_a_key_in_it() {
    let [mut one, mut other] = ["one", "other"].map(|host| Client { host: host.to_owned() });
    assert_eq!(one.send(false), Err(ApiError::Down));
    assert_eq!((one.send(true), other.send(true)), (Err(ApiError::Rejected), Ok(())));
}

#[allow(clippy::needless_pass_by_value, reason = "a key by value is what is tested")]
#[circuit_breaker(name = "generic", key = key, tripper = FailureStreak(1))]
fn generic<K>(key: K) -> Result<(), ApiError>
where
    K: std::hash::Hash + Eq + fmt::Display + Clone + Send + Sync + 'static,
{
    let _ = key;
    Err(ApiError::Down)
}

#[test]
fn a_generic_function_may_be_called_with_keys_of_several_types() {
    for _ in 0..2 {
        let _ = generic(1_u8);
        let _ = generic("one".to_owned());
        let _ = generic(2_u64);
    }
    assert_eq!(generic(1_u8), Err(ApiError::Rejected));
    assert_eq!(generic("one".to_owned()), Err(ApiError::Rejected));
    assert_eq!(generic(3_u64), Err(ApiError::Down));
    assert_eq!(opened("generic{one}"), Some(State::Open));
}

#[circuit_breaker(name = "judged", key = host, tripper = FailureStreak(1), tracker = Custom(|error| *error == ApiError::Down),
    failed_if = |length| *length > 3, fallback = |_| Ok(0))]
fn judged(host: &str) -> Result<usize, ApiError> {
    Ok(host.len())
}

#[test]
fn the_other_arguments_go_with_a_key() {
    assert_eq!((judged("long"), judged("abc")), (Ok(4), Ok(3)));
    assert_eq!((judged("long"), judged("abc")), (Ok(0), Ok(3)), "one of them is rejected");
}
