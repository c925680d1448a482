//! The arguments of `#[circuit_breaker(…)]` and of an entry of `breakers!`.

use fluxgate_policy::{Kind, Setting, SettingValue, nearest, parse_setting, parse_setting_tokens};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, Lit, LitBool, Path, Token};

use crate::errors::Errors;
use crate::policy::{Part, Source};

/// A value with the key it was given by, at which its mistakes are shown.
pub(crate) struct Given<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

/// Every argument there is. Which of them may stand where is not decided here.
#[derive(Default)]
pub(crate) struct Arguments {
    /// The breaker itself, the one argument without a name.
    pub(crate) breaker: Option<Expr>,
    pub(crate) krate: Option<Given<Path>>,
    pub(crate) name: Option<Given<Expr>>,
    pub(crate) window: Option<Part>,
    pub(crate) tracker: Option<Part>,
    pub(crate) tripper: Option<Part>,
    pub(crate) retry: Option<Part>,
    pub(crate) permit: Option<Part>,
    pub(crate) max_half_open_calls: Option<Given<SettingValue>>,
    pub(crate) max_probe_time: Option<Given<SettingValue>>,
    pub(crate) cancelled: Option<Given<SettingValue>>,
    pub(crate) shadow: Option<Given<bool>>,
    pub(crate) listeners: Option<Given<Vec<Expr>>>,
    pub(crate) failed_if: Option<Given<Expr>>,
    pub(crate) timeout: Option<Given<SettingValue>>,
    pub(crate) fallback: Option<Given<Expr>>,
    pub(crate) wrap_error: Option<Given<bool>>,
    /// Every known key that was written, also where its value is a mistake.
    pub(crate) keys: Vec<Ident>,
}

/// The known keys, each with a way to write it.
const KEYS: [(&str, &str); 17] = [
    ("name", "name = \"payment_api\""),
    ("window", "window = CountWindow(100)"),
    ("tracker", "tracker = All()"),
    ("tripper", "tripper = MinRequests(20) & FailureRate(0.5)"),
    ("retry", "retry = Cooldown(60s)"),
    ("permit", "permit = RampUp(0, 1, 60s)"),
    ("max_half_open_calls", "max_half_open_calls = 10"),
    ("max_probe_time", "max_probe_time = 60s"),
    ("cancelled", "cancelled = 1s"),
    ("shadow", "shadow"),
    ("listeners", "listeners = [LogListener]"),
    ("failed_if", "failed_if = |value| value.is_empty()"),
    ("timeout", "timeout = 2s"),
    ("fallback", "fallback = |error| …"),
    ("wrap_error", "wrap_error"),
    ("crate", "crate = path::to::fluxgate"),
    ("listener", "listeners = [LogListener]"),
];

/// Where arguments stand, for what can be said there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Attribute,
    Block,
}

impl Arguments {
    /// Reads all that can be read; every mistake is noted, and costs the one argument it is in.
    pub(crate) fn parse(
        tokens: TokenStream,
        place: Place,
        is_variable: &dyn Fn(&Ident) -> bool,
        errors: &mut Errors,
    ) -> Self {
        let mut arguments = Self::default();
        let read = |input: ParseStream<'_>| {
            let mut first = true;
            while !input.is_empty() {
                if let Err(error) = arguments.parse_one(input, place, first, is_variable, errors) {
                    errors.push(error);
                    skip_to_comma(input);
                }
                if !input.is_empty() {
                    let comma: syn::Result<Token![,]> = input.parse();
                    if let Err(error) = comma {
                        errors.push(syn::Error::new(error.span(), "expected `,` before the next argument"));
                        skip_to_comma(input);
                        let _: Option<Token![,]> = input.parse()?;
                    }
                }
                first = false;
            }
            Ok(())
        };
        // The closure consumes all input and notes its errors itself.
        let _ = read.parse2(tokens);
        arguments
    }

    pub(crate) fn wraps_error(&self) -> bool {
        self.wrap_error.as_ref().is_some_and(|flag| flag.value)
    }

    fn parse_one(
        &mut self,
        input: ParseStream<'_>,
        place: Place,
        first: bool,
        is_variable: &dyn Fn(&Ident) -> bool,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        let ahead = input.fork();
        let Ok(key) = ahead.call(Ident::parse_any) else { return self.parse_breaker(input, place, first) };
        let known = KEYS.iter().find(|(name, _)| key == name);
        let has_value = ahead.peek(Token![=]) && !ahead.peek(Token![==]) && !ahead.peek(Token![=>]);
        let alone = ahead.is_empty() || ahead.peek(Token![,]);
        if has_value {
            input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            if known.is_none() {
                skip_to_comma(input);
                return Err(unknown(&key, place));
            }
            return self.parse_value(key, input, errors);
        }
        let is_flag = key == "shadow" || key == "wrap_error";
        if alone && is_flag && !is_variable(&key) {
            input.call(Ident::parse_any)?;
            return self.set_flag(key, true);
        }
        if let (Some((_, example)), false) = (known, is_variable(&key)) {
            let written = ahead.peek(syn::token::Paren)
                || ahead.peek(Token![:]) && !ahead.peek(Token![::])
                || ahead.peek(Token![==]);
            if alone || written {
                self.keys.push(key.clone());
                let reason = if alone { "has no value" } else { "takes its value after `=`" };
                return Err(syn::Error::new_spanned(&key, format!("`{key}` {reason}; write `{example}`")));
            }
        }
        if alone && place == Place::Attribute && !is_variable(&key) && is_slip(&key) {
            return Err(unknown(&key, place));
        }
        self.parse_breaker(input, place, first)
    }

    fn parse_breaker(&mut self, input: ParseStream<'_>, place: Place, first: bool) -> syn::Result<()> {
        if place == Place::Block {
            return Err(input.error("expected an argument such as `tripper = FailureRate(0.5)`"));
        }
        let breaker: Expr = parse_or_stay(input)?;
        if let Expr::Lit(literal) = &breaker {
            let message = match &literal.lit {
                Lit::Str(name) => {
                    format!("a breaker stands here without a name; write `name = {:?}` to name a new one", name.value())
                }
                _ => {
                    "expected a breaker, such as `PAYMENT_API` or `self.breaker`, or an argument such as `name = \"…\"`"
                        .to_owned()
                }
            };
            return Err(syn::Error::new_spanned(literal, message));
        }
        if !first {
            let message = "the breaker itself comes first, before the arguments that have a name";
            return Err(syn::Error::new_spanned(breaker, message));
        }
        self.breaker = Some(breaker);
        Ok(())
    }

    fn set_flag(&mut self, key: Ident, value: bool) -> syn::Result<()> {
        self.claim(&key)?;
        let flag = if key == "shadow" { &mut self.shadow } else { &mut self.wrap_error };
        *flag = Some(Given { key, value });
        Ok(())
    }

    /// Notes that a key was written, which may happen once.
    fn claim(&mut self, key: &Ident) -> syn::Result<()> {
        if self.keys.contains(key) {
            return Err(syn::Error::new_spanned(key, format!("`{key}` is given twice; remove one")));
        }
        self.keys.push(key.clone());
        Ok(())
    }

    fn parse_value(&mut self, key: Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        if let Err(error) = self.claim(&key) {
            skip_to_comma(input);
            return Err(error);
        }
        if input.is_empty() || input.peek(Token![,]) {
            return Err(syn::Error::new_spanned(&key, format!("`{key}` has no value; write `{}`", example(&key))));
        }
        match key.to_string().as_str() {
            "window" => self.window = Part::parse(Kind::Window, key, until_comma(input), errors),
            "tracker" => self.tracker = Part::parse(Kind::Tracker, key, until_comma(input), errors),
            "tripper" => self.tripper = Part::parse(Kind::Tripper, key, until_comma(input), errors),
            "retry" => self.retry = Part::parse(Kind::Retry, key, until_comma(input), errors),
            "permit" => self.permit = Part::parse(Kind::Permit, key, until_comma(input), errors),
            "max_half_open_calls" => self.max_half_open_calls = setting(Setting::MaxHalfOpenCalls, key, input)?,
            "max_probe_time" => self.max_probe_time = setting(Setting::MaxProbeTime, key, input)?,
            "cancelled" => self.cancelled = setting(Setting::Cancelled, key, input)?,
            "timeout" => self.timeout = setting(Setting::Timeout, key, input)?,
            "shadow" | "wrap_error" => {
                let value: LitBool = parse_or_stay(input).map_err(|error| {
                    syn::Error::new(
                        error.span(),
                        format!("`{key}` is `true` or `false`; write `{key}` alone to switch it on"),
                    )
                })?;
                let flag = if key == "shadow" { &mut self.shadow } else { &mut self.wrap_error };
                *flag = Some(Given { key, value: value.value });
            }
            "name" => self.name = Some(Given { value: name(input)?, key }),
            "listeners" => self.listeners = Some(Given { value: listeners(input)?, key }),
            "listener" => {
                until_comma(input);
                return Err(syn::Error::new_spanned(
                    &key,
                    "unknown argument `listener`; write `listeners = [LogListener]`",
                ));
            }
            "failed_if" => self.failed_if = Some(Given { value: function(&key, input)?, key }),
            "fallback" => self.fallback = Some(Given { value: function(&key, input)?, key }),
            _ => {
                let path = parse_or_stay::<Path>(input).map_err(|error| {
                    syn::Error::new(error.span(), "`crate` is the path to fluxgate; write `crate = my_crate::fluxgate`")
                })?;
                self.krate = Some(Given { key, value: path });
            }
        }
        Ok(())
    }
}

fn example(key: &Ident) -> &'static str {
    KEYS.iter().find(|(name, _)| key == name).map_or("", |(_, example)| example)
}

fn names(place: Place) -> impl Iterator<Item = &'static str> {
    let of_function = ["failed_if", "timeout", "fallback", "wrap_error", "crate"];
    let fits = move |name: &&str| *name != "listener" && (place == Place::Attribute || !of_function.contains(name));
    KEYS.iter().map(|(name, _)| *name).filter(fits)
}

fn unknown(key: &Ident, place: Place) -> syn::Error {
    let written = key.to_string();
    let message = match nearest(&written, KEYS.iter().map(|(name, _)| *name)) {
        Some("listener") => "did you mean `listeners`?".to_owned(),
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("the arguments are {}", names(place).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    };
    syn::Error::new_spanned(key, format!("unknown argument `{written}`; {message}"))
}

/// Whether a lone name looks like an argument's and not like a breaker's: statics are not written in small letters.
fn is_slip(key: &Ident) -> bool {
    let written = key.to_string();
    written.starts_with(|first: char| first.is_ascii_lowercase())
        && written != "self"
        && nearest(&written, KEYS.iter().map(|(name, _)| *name)).is_some()
}

/// Parses, or leaves the input where it was, so that the rest of the argument can be skipped.
fn parse_or_stay<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    use syn::parse::discouraged::Speculative;

    let ahead = input.fork();
    let parsed = ahead.parse()?;
    input.advance_to(&ahead);
    Ok(parsed)
}

fn skip_to_comma(input: ParseStream<'_>) {
    until_comma(input);
}

/// The tokens up to the next comma that stands outside all brackets.
fn until_comma(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<TokenTree>() {
            Ok(tree) => tokens.extend([tree]),
            Err(_) => break,
        }
    }
    tokens
}

fn setting(setting: Setting, key: Ident, input: ParseStream<'_>) -> syn::Result<Option<Given<SettingValue>>> {
    let source = Source::new(until_comma(input));
    let read = match &source {
        Source::Tokens(tokens) => parse_setting_tokens(setting, tokens.flat()),
        Source::Text(text) => parse_setting(setting, &text.value()),
    };
    match read {
        Ok(value) => Ok(Some(Given { key, value })),
        Err(error) => Err(source.error(&key, &error)),
    }
}

/// A string; or a constant or macro that is one, which rustc will see to.
fn name(input: ParseStream<'_>) -> syn::Result<Expr> {
    let expected = "`name` is a string; write `name = \"payment_api\"`";
    let value: Expr = parse_or_stay(input).map_err(|error| syn::Error::new(error.span(), expected))?;
    match ungrouped(&value) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(name) if name.value().trim().is_empty() => Err(syn::Error::new_spanned(
                name,
                "`name` is empty; write what logs and metrics shall call the breaker",
            )),
            Lit::Str(_) => Ok(value),
            _ => Err(syn::Error::new_spanned(literal, expected)),
        },
        Expr::Path(_) | Expr::Macro(_) => Ok(value),
        other => Err(syn::Error::new_spanned(other, expected)),
    }
}

fn listeners(input: ParseStream<'_>) -> syn::Result<Vec<Expr>> {
    let expected = "`listeners` is a list; write `listeners = [LogListener]`";
    let is_list = input.peek(syn::token::Bracket);
    let value: Expr =
        parse_or_stay(input).map_err(|error| if is_list { error } else { syn::Error::new(error.span(), expected) })?;
    match ungrouped(&value) {
        Expr::Array(array) => Ok(array.elems.iter().cloned().collect()),
        other => Err(syn::Error::new_spanned(other, expected)),
    }
}

/// A path or a closure, or whatever gives one.
fn function(key: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    let expected = format!("`{key}` is a path or a closure; write `{}`", example(key));
    let value: Expr = parse_or_stay(input)?;
    match ungrouped(&value) {
        Expr::Lit(literal) => Err(syn::Error::new_spanned(literal, expected)),
        Expr::Closure(closure) if closure.inputs.len() != 1 => {
            let place = if closure.inputs.is_empty() {
                closure.or1_token.to_token_stream()
            } else {
                closure.inputs.to_token_stream()
            };
            Err(syn::Error::new_spanned(place, format!("`{key}` is given one value; write `{}`", example(key))))
        }
        _ => Ok(value),
    }
}

/// An expression without the invisible brackets that a `macro_rules!` variable puts around it.
pub(crate) fn ungrouped(mut expr: &Expr) -> &Expr {
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}
