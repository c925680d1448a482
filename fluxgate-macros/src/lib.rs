//! The macros of the Fluxgate circuit breaker. The crate `fluxgate` re-exports both; use them from there.

mod args;
mod block;
mod borrow;
mod declaration;
mod errors;
mod expand;
mod item;
mod krate;
mod lower;
mod mentions;
mod policy;
mod prologue;
mod shape;
mod tail;
mod tokens;
mod types;
mod validate;

use proc_macro::TokenStream;

/// Guards a function with a circuit breaker.
///
/// ```
/// use fluxgate::{CallNotPermitted, circuit_breaker};
///
/// #[derive(Debug, PartialEq)]
/// enum ApiError {
///     Unavailable(CallNotPermitted),
///     Declined,
/// }
///
/// impl From<CallNotPermitted> for ApiError {
///     fn from(rejection: CallNotPermitted) -> Self {
///         Self::Unavailable(rejection)
///     }
/// }
///
/// #[circuit_breaker(name = "payment_api", tripper = FailureStreak(5) | MinRequests(20) & FailureRate(0.6))]
/// fn charge(amount: u64) -> Result<u64, ApiError> {
///     if amount == 0 { Err(ApiError::Declined) } else { Ok(amount) }
/// }
///
/// #[circuit_breaker(name = "inventory")]
/// async fn stock(sku: &str) -> Result<usize, ApiError> {
///     Ok(sku.len())
/// }
///
/// assert_eq!(charge(100), Ok(100));
/// fluxgate::get("payment_api").unwrap().force_open();
/// assert!(matches!(charge(100), Err(ApiError::Unavailable(_))));
/// ```
///
/// The attribute works on sync and async functions and methods, and on functions that return a future. A function that
/// compiles without it compiles with it, with the same warnings. Arguments live exactly as long, and a `Send` future stays
/// `Send`. The [exceptions](#exceptions) have their own error messages.
///
/// A rejection is converted to the function's error by `From<CallNotPermitted>`. If there is no such conversion, `fallback`
/// or `wrap_error` defines the result of a rejected call.
///
/// # Arguments
///
/// | argument | |
/// |---|---|
/// | *first, unnamed* | an existing breaker: a static of [`breakers!`](macro@breakers), `self.breaker`, `&self.many[host]`, or a call with the function's arguments. It is evaluated once, before the call; in an async function at the first poll, like `key`. Only `failed_if`, `timeout`, `fallback` and `wrap_error` can follow |
/// | `name = "…"` | the name in logs, metrics and the registry; by default the module path and the name of the function |
/// | `window` `tracker` `tripper` `retry` `permit` | the policy, as tokens or as a string; omitted parts have the defaults of the builder |
/// | `max_half_open_calls = 10` | maximum number of calls in flight while half-open |
/// | `max_probe_time = 60s` | time after which a probe is given up, or `"off"` |
/// | `max_failed_probes = 10` | number of probes without a success that reopens a half-open breaker, or `"off"` |
/// | `cancelled = 1s` | waiting time after which a dropped call counts as a failure, or `"failure"` (always) or `"ignore"` (never) |
/// | `honour_retry_after = 10m` | maximum time for which the service can keep the breaker open, or `"off"`, the default |
/// | `retry_after = path or closure` | `&E -> Option<Duration>`: the wait that an error requests. A closure must name the type of the error |
/// | `shadow` | shadow mode: rejects no call, and counts the calls that would be rejected |
/// | `listeners = [expr, …]` | listeners that are notified of transitions |
/// | `clock = expr` | the breaker's clock, such as a `ManualClock` in tests; evaluated when the breaker is created |
/// | `key = expression` | with the feature `keyed`: one breaker per key, which is any expression over the function's arguments. `max = 10_000`, `idle = 10m` and `exported_keys = 100` configure the set: see `fluxgate::keyed` |
/// | `failed_if = path or closure` | `&T -> bool`: `true` for an `Ok` value that is recorded as a failure. The value is returned unchanged |
/// | `timeout = 2s` | async only, with the feature `tokio`: time limit of a call. The call is then dropped, and its caller gets `CallTimedOut` by `From` |
/// | `fallback = path or closure` | called with a `fluxgate::Error<E>` after a rejection, a timeout and every `Err`; returns what the function returns. Required for a function that does not return a `Result`; its `E` is `Infallible` |
/// | `wrap_error` | changes the return type to `Result<T, fluxgate::Error<E>>` |
/// | `crate = path` | the path to fluxgate, such as `crate = ::resilience::fluxgate`, if another crate re-exports it or the Cargo.toml of the workspace renames it. A rename in the Cargo.toml of the crate itself needs no argument |
///
/// Closures can use the function's arguments, including names bound by patterns. A `fallback` is evaluated after the body,
/// so it can use what the body borrowed or changed, including `&mut self`, but not what the body moved.
///
/// # Futures
///
/// A function that returns a future is recognised by its return type: `impl Future`, or a boxed future under any alias. If
/// it only returns an `async` block, that block is guarded without a further box. Otherwise the returned future is guarded
/// as a whole.
///
/// The compiler limits how deeply futures can await each other. With its default limit of 128, a chain of guarded functions
/// that await each other can have
///
/// - 20 functions, instead of 32 without the attribute,
/// - 17 with a `fallback` that copies an argument,
/// - 12 if the breaker depends on an argument, or if a closure borrows one,
/// - 7 with `#[tracing::instrument]` below the attribute; `#[tracing::instrument]` alone allows 11.
///
/// `#![recursion_limit = "256"]` doubles these numbers, and a `Pin<Box<dyn Future>>` restarts the count.
///
/// # Exceptions
///
/// - A function that returns a named future type, such as `Ready<…>` or `Self::Future`, can't be guarded, because the
///   guarded future has another type. Return `impl Future` or a boxed future.
/// - A `fallback` can't use what the body moves, nor `self` if the result borrows from a `&mut self`.
/// - Lints of `clippy::restriction` may fire on the generated code.
/// - Futures nest less deeply, as described above.
///
/// # The tracker
///
/// `TypeOf(A, B)` searches the error and its chain of sources for these types. `Matches(PATTERN if guard)` matches a
/// reference to the error.
///
/// A tracker with `Custom` or `Matches`, or one that names `Self` or a generic parameter, is compiled into the function,
/// where the type of the error is known. A closure in it needs no type annotations, and a predicate for another error type
/// is a compile error. The breaker itself then tracks every error, which makes a difference only for calls by hand through
/// `fluxgate::get`: all instances of the function share the breaker, so it can't name their types, nor the type of a generic
/// error. To use such a tracker for both, declare the breaker with [`breakers!`](macro@breakers).
///
/// A shared breaker can't inspect an error that borrows, or a generic error that is not known to be `'static`. Trackers of
/// types and values find nothing in it.
///
/// # Other attributes
///
/// Other attributes can be written above or below. An `async fn` with only built-in attributes is turned into a function
/// that returns `impl Future`. Callers see no difference, and the future is hardly larger than without the attribute. The
/// function stays an `async fn`, whose future stores the arguments that the body uses twice,
///
/// - if another macro is below the attribute,
/// - if it has a `#[must_use]` and does not return a `Result`,
/// - if a closure borrows an argument, or the breaker depends on one.
///
/// In the body of a function with `#[track_caller]`, `Location::caller()` returns a location in the body.
///
/// The generated code passes `forbid(unsafe_code)`, and `deny(warnings)` with clippy's pedantic and nursery lints. A crate
/// can also `deny` the lint `non_upper_case_globals`, but not `forbid` it, by itself or with its group, because the
/// registration of breakers at program start allows it.
///
/// # Compile time
///
/// A guarded function adds two to four milliseconds to `cargo check`. The body is not parsed: it is passed as a closure or a
/// future to a function of the runtime. A policy becomes one chain of calls, and each breaker is one static.
#[doc(alias("decorator", "annotation", "guard", "fuse"))]
#[proc_macro_attribute]
pub fn circuit_breaker(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(arguments.into(), &item.into()).into()
}

/// Declares breakers as statics, which several functions can share and which can be called directly.
///
/// ```
/// use fluxgate::{breakers, circuit_breaker, CallNotPermitted};
///
/// breakers! {
///     default {
///         retry = Cooldown(30s),
///     }
///
///     /// Guards the payment provider.
///     pub PAYMENT_API {
///         tracker = Custom(is_server_error),
///         tripper = FailureStreak(5) | MinRequests(20) & FailureRate(0.6),
///     }
///
///     INVENTORY {}
/// }
///
/// enum ApiError {
///     Unavailable,
///     Status(u16),
/// }
///
/// impl From<CallNotPermitted> for ApiError {
///     fn from(_: CallNotPermitted) -> Self {
///         Self::Unavailable
///     }
/// }
///
/// fn is_server_error(error: &ApiError) -> bool {
///     matches!(error, ApiError::Status(500..))
/// }
///
/// #[circuit_breaker(PAYMENT_API)]
/// fn charge(amount: u64) -> Result<u64, ApiError> {
///     if amount > 0 { Ok(amount) } else { Err(ApiError::Status(400)) }
/// }
///
/// let charged = charge(100).is_ok() && PAYMENT_API.call(|| charge(200)).is_ok();
/// assert!(charged);
/// assert_eq!(INVENTORY.name(), "inventory");
/// ```
///
/// Each entry is a static of the type `DeclaredBreaker`, which dereferences to `CircuitBreaker`. Docs, visibility and
/// attributes apply to the static. An entry has the arguments of [`circuit_breaker`](macro@circuit_breaker) that belong to
/// the breaker. The name of the breaker is the name of the static in lower case, unless `name` sets another one.
///
/// The optional `default` sets arguments for all breakers of the block that do not set them. `crate = path` can only be
/// written there.
///
/// With the feature `keyed`, brackets after the name declare a set with one breaker per key:
/// `PER_HOST[max = 10_000, idle = 10m] { tripper = FailureStreak(5) }`. Keys that are not strings need their type, such as
/// `key = u64`. See the documentation of `fluxgate::keyed`.
///
/// The block can be written in a module or in a function.
#[doc(alias("declare", "static", "registry", "config"))]
#[proc_macro]
pub fn breakers(block: TokenStream) -> TokenStream {
    expand::block(block.into()).into()
}
