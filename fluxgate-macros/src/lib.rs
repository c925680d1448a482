//! The macros of the Fluxgate circuit breaker. Use them through the crate `fluxgate`, which re-exports both.

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
/// It goes on sync and async functions and methods, and on functions that return a future. What compiles without it
/// compiles with it, with the same warnings; arguments live exactly as long; a future that was `Send` stays `Send`. The
/// [exceptions](#exceptions) have messages of their own. A rejected call becomes the function's own error by `From<CallNotPermitted>`; where that can't be, `fallback`
/// or `wrap_error` says what to return instead.
///
/// # Arguments
///
/// | argument | |
/// |---|---|
/// | *first, unnamed* | a breaker that exists: a static of [`breakers!`](macro@breakers), `self.breaker`, `&self.many[host]`, a call with the function's arguments in it. It is evaluated once, before the call; of an async function at the first poll, as is `key`. Only `failed_if`, `timeout`, `fallback` and `wrap_error` may follow |
/// | `name = "…"` | how logs, metrics and the registry call it; else the path of the module and the name of the function |
/// | `window` `tracker` `tripper` `retry` `permit` | the policy, in tokens or in a string; what is left out is the default policy of the builder |
/// | `max_half_open_calls = 10` | how many calls may be in flight while half-open |
/// | `max_probe_time = 60s` | after how long a probe is given up, or `"off"` |
/// | `max_failed_probes = 10` | how many probes without a success open a half-open breaker again, or `"off"` |
/// | `cancelled = 1s` | after how long of waiting a dropped call is a failure, or `"failure"` (always) or `"ignore"` (never) |
/// | `honour_retry_after = 10m` | for how long at most the service itself may keep the breaker open, or `"off"`, which it is unless said |
/// | `retry_after = path or closure` | `&E -> Option<Duration>`: for how long a failure's error asks to be left alone. A closure names the type of the error |
/// | `shadow` | reject nothing, and count what would have been rejected |
/// | `listeners = [expr, …]` | who hears of transitions |
/// | `clock = expr` | the breaker's clock, such as a `ManualClock` in tests; evaluated when the breaker is made |
/// | `key = expression` | with the feature `keyed`: a breaker for each key, which any expression of the function's arguments gives. `max = 10_000`, `idle = 10m` and `exported_keys = 100` go with it: see `fluxgate::keyed` |
/// | `failed_if = path or closure` | `&T -> bool`: an `Ok` value that is a failure all the same. It is recorded as one and returned as it is |
/// | `timeout = 2s` | async only, with the feature `tokio`: the call is dropped then, and its caller gets `CallTimedOut` by `From` |
/// | `fallback = path or closure` | given `fluxgate::Error<E>`, returns what the function returns: after a rejection, a time-out and every `Err`. A function that returns no `Result` needs one; its `E` is `Infallible` |
/// | `wrap_error` | the function returns `Result<T, fluxgate::Error<E>>` |
/// | `crate = path` | the path of fluxgate, such as `crate = ::resilience::fluxgate`, where another crate re-exports it or the Cargo.toml of the workspace renames it. A rename in the crate's own Cargo.toml needs no argument |
///
/// Closures may use the function's arguments, by the names that patterns bind too. A `fallback` is made once the body has
/// ended, so it may use what the body borrowed or changed, `&mut self` included, but not what the body moved.
///
/// # Futures
///
/// A function that returns a future is recognised by its return type: `impl Future`, or a boxed future under any alias. If
/// it does nothing but return an `async` block, the block is guarded and no further box is made; otherwise the future is
/// guarded whole, wherever the function returns it.
///
/// The compiler looks only so deep into futures that await each other. With its limit of 128, 20 guarded functions may
/// await one another in a row, 17 with a `fallback` that copies an argument, and 12 where the breaker is found by an
/// argument or where a closure borrows one; it is 32 without the attribute. Macros that wrap the body too leave less: 7 with `#[tracing::instrument]`
/// below, which alone leaves 11. `#![recursion_limit = "256"]` doubles these numbers, and behind a
/// `Pin<Box<dyn Future>>` the compiler begins again.
///
/// # Exceptions
///
/// - A function that returns a future by its own name, such as `Ready<…>` or `Self::Future`, can't be guarded, for the
///   guarded future is another. Let it return `impl Future` or a boxed future.
/// - A `fallback` can't use what the body moves, nor `self` where the result borrows from a `&mut self`.
/// - Lints that restrict (`clippy::restriction`) may fire on what the attribute writes.
/// - Futures nest less deeply, as said above.
///
/// # The tracker
///
/// `TypeOf(A, B)` looks for the types in the error and in its chain of sources; `Matches(PATTERN if guard)` sees the error
/// by reference. A tracker with `Custom` or `Matches`, or one that names `Self` or a generic parameter, is compiled into
/// the function, where the type of its error is known: a closure there needs no types, and a predicate for another error
/// is a mistake. The breaker itself then tracks every error, which shows only if it is called by hand besides, through
/// `fluxgate::get`: it belongs to all instances of the function, and can name neither their types nor the type of an error
/// that is generic or behind an alias. A breaker that is to do both is declared by [`breakers!`](macro@breakers).
///
/// A breaker that is shared sees of an error that borrows, or whose generic type is not known to be `'static`, only that
/// it is one: no tracker of types or values finds anything in it.
///
/// # Other attributes
///
/// They may stand above or below. An `async fn` under no others but built-in ones becomes a function that returns
/// `impl Future`; that is all the same to its callers. Its future is then hardly larger than without the attribute.
/// Where it stays an `async fn`, for another macro below, for a `#[must_use]` of what is no `Result`, or because a closure
/// borrows an argument or the breaker is found by one, the future holds arguments that the body uses twice.
/// `Location::caller()` in the body of a function with `#[track_caller]` names the body.
///
/// What it becomes passes `forbid(unsafe_code)`, and `deny(warnings)` with all of clippy's pedantic and nursery lints. A
/// crate can deny `non_upper_case_globals` too, but not `forbid` it, by itself or with its group: what
/// makes breakers known when the program starts allows it.
///
/// # What it costs to compile
///
/// Two to four milliseconds a function in `cargo check`. The body is not parsed but handed on as it is, in a closure or a
/// future, to a function of the runtime; a policy becomes one chain of calls; and there is one static.
#[doc(alias("decorator", "annotation", "guard", "fuse"))]
#[proc_macro_attribute]
pub fn circuit_breaker(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(arguments.into(), &item.into()).into()
}

/// Declares breakers that functions share, and that can be called by hand.
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
/// Each entry is a static of the type `DeclaredBreaker`, which dereferences to `CircuitBreaker`; docs, visibility and
/// attributes are the static's. Its arguments are those of [`circuit_breaker`](macro@circuit_breaker) that belong to a
/// breaker. `default`, which may be left out, is for every breaker of the block that doesn't say otherwise; `crate = path`
/// stands there and nowhere else. The name is the static's in small letters, unless `name` says another.
///
/// With the feature `keyed`, brackets after the name make a set of breakers, one for each key:
/// `PER_HOST[max = 10_000, idle = 10m] { tripper = FailureStreak(5) }`, with `key = u64` where keys are no strings. The
/// documentation of `fluxgate::keyed` has more of it.
///
/// The block may stand in a module or in a function.
#[doc(alias("declare", "static", "registry", "config"))]
#[proc_macro]
pub fn breakers(block: TokenStream) -> TokenStream {
    expand::block(block.into()).into()
}
