//! The names of the arguments, and suggestions for unknown ones.

use fluxgate_policy::nearest;
use proc_macro2::Ident;
use syn::Token;
use syn::ext::IdentExt;
use syn::parse::ParseStream;

use super::Place;

/// The known keys, each with an example.
pub(super) const KEYS: [(&str, &str); 25] = [
    ("name", "name = \"payment_api\""),
    ("window", "window = CountWindow(100)"),
    ("tracker", "tracker = All()"),
    ("tripper", "tripper = MinRequests(20) & FailureRate(0.5)"),
    ("retry", "retry = Cooldown(60s)"),
    ("permit", "permit = RampUp(0, 1, 60s)"),
    ("max_half_open_calls", "max_half_open_calls = 10"),
    ("max_probe_time", "max_probe_time = 60s"),
    ("max_failed_probes", "max_failed_probes = 10"),
    ("cancelled", "cancelled = 1s"),
    ("honour_retry_after", "honour_retry_after = 10m"),
    ("retry_after", "retry_after = |error: &ApiError| error.retry_after"),
    ("shadow", "shadow"),
    ("listeners", "listeners = [LogListener]"),
    ("clock", "clock = clock()"),
    ("failed_if", "failed_if = |value| value.is_empty()"),
    ("timeout", "timeout = 2s"),
    ("fallback", "fallback = |error| …"),
    ("wrap_error", "wrap_error"),
    ("key", "key = host"),
    ("max", "max = 10_000"),
    ("idle", "idle = 10m"),
    ("exported_keys", "exported_keys = 100"),
    ("crate", "crate = path::to::fluxgate"),
    ("listener", "listeners = [LogListener]"),
];

/// The keys of a set of breakers.
pub(crate) const SET_KEYS: [&str; 4] = ["key", "max", "idle", "exported_keys"];

/// The keys that belong to a guarded function and not to its breaker.
pub(crate) const FUNCTION_KEYS: [&str; 5] = ["failed_if", "timeout", "fallback", "wrap_error", "crate"];

pub(super) fn example(key: &Ident, place: Place) -> &'static str {
    if key == "key" && place == Place::Brackets {
        return "key = u64";
    }
    KEYS.iter().find(|(name, _)| key == name).map_or("", |(_, example)| example)
}

pub(super) fn names(place: Place) -> impl Iterator<Item = &'static str> {
    let fits = move |name: &&str| match place {
        _ if *name == "listener" => false,
        Place::Attribute => true,
        Place::Block => !FUNCTION_KEYS.contains(name) && !SET_KEYS.contains(name),
        Place::Brackets => SET_KEYS.contains(name),
    };
    KEYS.iter().map(|(name, _)| *name).filter(fits)
}

/// Returns the error for an unknown key, with a suggestion or the list of keys.
pub(super) fn unknown_key(key: &Ident, place: Place) -> syn::Error {
    let written = key.to_string();
    let known: Vec<&str> = match place {
        Place::Brackets => SET_KEYS.to_vec(),
        Place::Attribute | Place::Block => KEYS.iter().map(|(name, _)| *name).collect(),
    };
    let message = match nearest(&written, known) {
        Some("listener") => "did you mean `listeners`?".to_owned(),
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("the arguments are {}", names(place).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    };
    syn::Error::new_spanned(key, format!("unknown argument `{written}`; {message}"))
}

/// Returns `true` if a name without a value looks like a misspelt key and not like a static, which is in upper case.
pub(super) fn is_misspelt_key(key: &Ident) -> bool {
    let written = key.to_string();
    written.starts_with(|first: char| first.is_ascii_lowercase())
        && written != "self"
        && nearest(&written, KEYS.iter().map(|(name, _)| *name)).is_some()
}

/// Returns `true` if a known argument starts here. Nothing in a policy looks like that, so a comma is missing.
pub(super) fn at_key(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(key) = ahead.call(Ident::parse_any) else { return false };
    let is_flag = key == "shadow" || key == "wrap_error";
    let is_argument =
        ahead.peek(Token![=]) && !ahead.peek(Token![==]) || is_flag && (ahead.is_empty() || ahead.peek(Token![,]));
    is_argument && KEYS.iter().any(|(name, _)| key == name)
}
