//! The arguments of `#[circuit_breaker(…)]` and of an entry of `breakers!`.

mod keys;
mod values;

use fluxgate_policy::{Kind, Setting, SettingValue};
use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Lit, LitBool, Path, Token, Type};

use crate::errors::Errors;
use crate::policy::Part;
pub(crate) use keys::{FUNCTION_KEYS, SET_KEYS};
use keys::{KEYS, at_key, example, is_misspelt_key, unknown_key};
pub(crate) use values::ungrouped;
use values::{function, key_type, listeners, name, parse_or_stay, setting, skip_to_comma, until_comma};

/// A value with its key, which errors point at.
pub(crate) struct Given<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

/// All arguments. `validate` checks which of them are allowed where.
#[derive(Default)]
pub(crate) struct Arguments {
    /// The breaker itself, the only argument without a name.
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
    pub(crate) max_failed_probes: Option<Given<SettingValue>>,
    pub(crate) cancelled: Option<Given<SettingValue>>,
    pub(crate) honour_retry_after: Option<Given<SettingValue>>,
    pub(crate) retry_after: Option<Given<Expr>>,
    pub(crate) shadow: Option<Given<bool>>,
    pub(crate) listeners: Option<Given<Vec<Expr>>>,
    pub(crate) clock: Option<Given<Expr>>,
    pub(crate) failed_if: Option<Given<Expr>>,
    pub(crate) timeout: Option<Given<SettingValue>>,
    pub(crate) fallback: Option<Given<Expr>>,
    pub(crate) wrap_error: Option<Given<bool>>,
    /// The key of a guarded function that has one breaker per key.
    pub(crate) key: Option<Given<Expr>>,
    /// The key type of a declared set.
    pub(crate) key_type: Option<Given<Type>>,
    pub(crate) max: Option<Given<SettingValue>>,
    pub(crate) idle: Option<Given<SettingValue>>,
    pub(crate) exported_keys: Option<Given<SettingValue>>,
    /// Every known key that was written, even if its value is invalid.
    pub(crate) keys: Vec<Ident>,
}

/// The place of arguments, which decides what can be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The parentheses of the attribute.
    Attribute,
    /// The braces of an entry of `breakers!`.
    Block,
    /// The brackets of a set in `breakers!`, before its braces.
    Brackets,
}

impl Arguments {
    /// Parses as much as possible. Each mistake is added to `errors` and affects only its own argument.
    pub(crate) fn parse(
        tokens: TokenStream,
        place: Place,
        is_variable: &dyn Fn(&Ident) -> bool,
        errors: &mut Errors,
    ) -> Self {
        let mut arguments = Self::default();
        let parse_all = |input: ParseStream<'_>| {
            let mut is_first = true;
            while !input.is_empty() {
                if let Err(error) = arguments.parse_one(input, place, is_first, is_variable, errors) {
                    errors.push(error);
                    skip_to_comma(input);
                }
                if !input.is_empty() {
                    parse_comma(input, errors)?;
                }
                is_first = false;
            }
            Ok(())
        };
        // The closure consumes all input and adds its errors itself.
        let _ = parse_all.parse2(tokens);
        arguments
    }

    /// Returns the expressions that are evaluated outside the function, when the breaker is built.
    pub(crate) fn evaluated_at_build(&self) -> impl Iterator<Item = &Expr> {
        let listeners = self.listeners.iter().flat_map(|given| &given.value);
        listeners.chain(self.retry_after.iter().chain(&self.clock).map(|given| &given.value))
    }

    pub(crate) fn wraps_error(&self) -> bool {
        self.wrap_error.as_ref().is_some_and(|flag| flag.value)
    }

    fn parse_one(
        &mut self,
        input: ParseStream<'_>,
        place: Place,
        is_first: bool,
        is_variable: &dyn Fn(&Ident) -> bool,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        let ahead = input.fork();
        let Ok(key) = ahead.call(Ident::parse_any) else { return self.parse_breaker(input, place, is_first) };
        let known = KEYS.iter().find(|(name, _)| key == name);
        let has_value = ahead.peek(Token![=]) && !ahead.peek(Token![==]) && !ahead.peek(Token![=>]);
        let is_alone = ahead.is_empty() || ahead.peek(Token![,]);
        if has_value {
            input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            if known.is_none() {
                skip_to_comma(input);
                return Err(unknown_key(&key, place));
            }
            return self.parse_value(key, input, place, errors);
        }
        let is_flag = key == "shadow" || key == "wrap_error";
        if is_alone && is_flag && !is_variable(&key) {
            input.call(Ident::parse_any)?;
            self.record_key(&key)?;
            self.set_flag(key, true);
            return Ok(());
        }
        if let (Some(_), false) = (known, is_variable(&key)) {
            let has_other_sign = ahead.peek(syn::token::Paren)
                || ahead.peek(Token![:]) && !ahead.peek(Token![::])
                || ahead.peek(Token![==]);
            if is_alone || has_other_sign {
                self.keys.push(key.clone());
                let reason = if is_alone { "has no value" } else { "takes its value after `=`" };
                let example = example(&key, place);
                return Err(syn::Error::new_spanned(&key, format!("`{key}` {reason}; write `{example}`")));
            }
        }
        if is_alone && place == Place::Attribute && !is_variable(&key) && is_misspelt_key(&key) {
            return Err(unknown_key(&key, place));
        }
        self.parse_breaker(input, place, is_first)
    }

    fn parse_breaker(&mut self, input: ParseStream<'_>, place: Place, is_first: bool) -> syn::Result<()> {
        if place == Place::Block {
            return Err(input.error("expected an argument such as `tripper = FailureRate(0.5)`"));
        }
        if place == Place::Brackets {
            return Err(input.error("expected a setting of the set, such as `max = 10_000`"));
        }
        let breaker: Expr = parse_or_stay(input)?;
        if let Expr::Lit(literal) = &breaker {
            let message = match &literal.lit {
                Lit::Str(name) => {
                    format!("a string is not a breaker; write `name = {:?}` to name a new one", name.value())
                }
                _ => {
                    "expected a breaker, such as `PAYMENT_API` or `self.breaker`, or an argument such as `name = \"…\"`"
                        .to_owned()
                }
            };
            return Err(syn::Error::new_spanned(literal, message));
        }
        if !is_first {
            let message = "the breaker must be the first argument; write it before the named ones";
            return Err(syn::Error::new_spanned(breaker, message));
        }
        self.breaker = Some(breaker);
        Ok(())
    }

    fn set_flag(&mut self, key: Ident, value: bool) {
        let flag = if key == "shadow" { &mut self.shadow } else { &mut self.wrap_error };
        *flag = Some(Given { key, value });
    }

    /// Records that a key was written. Returns an error for a second time.
    fn record_key(&mut self, key: &Ident) -> syn::Result<()> {
        if self.keys.contains(key) {
            return Err(syn::Error::new_spanned(key, format!("`{key}` is given twice; remove one")));
        }
        self.keys.push(key.clone());
        Ok(())
    }

    fn parse_value(
        &mut self,
        key: Ident,
        input: ParseStream<'_>,
        place: Place,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        if let Err(error) = self.record_key(&key) {
            skip_to_comma(input);
            return Err(error);
        }
        if input.is_empty() || input.peek(Token![,]) || at_key(input) {
            return Err(syn::Error::new_spanned(
                &key,
                format!("`{key}` has no value; write `{}`", example(&key, place)),
            ));
        }
        match key.to_string().as_str() {
            "window" => self.window = Part::parse(Kind::Window, key, until_comma(input), errors),
            "tracker" => self.tracker = Part::parse(Kind::Tracker, key, until_comma(input), errors),
            "tripper" => self.tripper = Part::parse(Kind::Tripper, key, until_comma(input), errors),
            "retry" => self.retry = Part::parse(Kind::Retry, key, until_comma(input), errors),
            "permit" => self.permit = Part::parse(Kind::Permit, key, until_comma(input), errors),
            "max_half_open_calls" => self.max_half_open_calls = setting(Setting::MaxHalfOpenCalls, key, input)?,
            "max_probe_time" => self.max_probe_time = setting(Setting::MaxProbeTime, key, input)?,
            "max_failed_probes" => self.max_failed_probes = setting(Setting::MaxFailedProbes, key, input)?,
            "cancelled" => self.cancelled = setting(Setting::Cancelled, key, input)?,
            "honour_retry_after" => self.honour_retry_after = setting(Setting::HonourRetryAfter, key, input)?,
            "timeout" => self.timeout = setting(Setting::Timeout, key, input)?,
            "max" => self.max = setting(Setting::Max, key, input)?,
            "idle" => self.idle = setting(Setting::Idle, key, input)?,
            "exported_keys" => self.exported_keys = setting(Setting::ExportedKeys, key, input)?,
            "key" if place == Place::Brackets => self.key_type = Some(Given { value: key_type(input)?, key }),
            "key" => self.key = Some(Given { value: parse_or_stay(input)?, key }),
            "shadow" | "wrap_error" => {
                let value: LitBool = parse_or_stay(input).map_err(|error| {
                    syn::Error::new(
                        error.span(),
                        format!("`{key}` is `true` or `false`; write `{key}` alone to switch it on"),
                    )
                })?;
                self.set_flag(key, value.value);
            }
            "name" => self.name = Some(Given { value: name(input)?, key }),
            "listeners" => self.listeners = Some(Given { value: listeners(input)?, key }),
            "clock" => self.clock = Some(Given { value: parse_or_stay(input)?, key }),
            "listener" => {
                until_comma(input);
                return Err(syn::Error::new_spanned(
                    &key,
                    "unknown argument `listener`; write `listeners = [LogListener]`",
                ));
            }
            "retry_after" => self.retry_after = Some(Given { value: function(&key, input)?, key }),
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

/// Parses the comma after an argument. If it is missing, reports that and continues at the next argument.
fn parse_comma(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
    let comma: syn::Result<Token![,]> = input.parse();
    if let Err(error) = comma {
        errors.push(syn::Error::new(error.span(), "expected `,` before the next argument"));
        if !at_key(input) {
            skip_to_comma(input);
            let _: Option<Token![,]> = input.parse()?;
        }
    }
    Ok(())
}
