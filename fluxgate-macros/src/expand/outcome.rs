//! Classification of a call's outcome: the tracker, `retry_after` and `failed_if`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::guard::Guard;
use crate::mentions::first_identifier;

impl Guard<'_> {
    /// Returns a function that shows an error to the breaker's tracker, or that applies the attribute's tracker to it.
    pub(super) fn error_view(&self) -> TokenStream {
        let krate = &self.krate;
        let span = Span::mixed_site();
        if !self.inspects_errors() {
            return quote_spanned!(span=> #krate::__private::unseen);
        }
        let Some(tracker) = self.arguments.tracker.as_ref().filter(|_| self.tracker_is_compiled_in()) else {
            return quote_spanned!(span=> |error| #krate::__private::View::new(error).seen());
        };
        let condition = tracker.condition(krate, &Ident::new("error", span));
        let capture = self.capture();
        if self.arguments.retry_after.is_some() {
            let view = quote_spanned!(span=> #krate::__private::View::new(error).view());
            return quote_spanned!(span=> #capture |error| #krate::__private::Seen::JudgedAt(#condition, #view));
        }
        quote_spanned!(span=> #capture |error| #krate::__private::Seen::Judged(#condition))
    }

    /// Returns `true` if a tracker or `retry_after` may depend on the error.
    fn inspects_errors(&self) -> bool {
        if self.arguments.retry_after.is_some() {
            return true;
        }
        match &self.arguments.tracker {
            None => self.arguments.breaker.is_some() && !self.function.error_may_borrow(&self.returned),
            Some(tracker) => tracker.rust_tokens().next().is_some(),
        }
    }

    /// Returns `true` if no argument classifies results or limits the duration of a call.
    pub(super) fn is_plain(&self) -> bool {
        !self.inspects_errors() && self.arguments.failed_if.is_none() && self.arguments.timeout.is_none()
    }

    /// Returns `true` if the attribute's tracker is compiled into the function instead of the static.
    ///
    /// There the type of the error is known, and `Self` and generics can be named.
    pub(super) fn tracker_is_compiled_in(&self) -> bool {
        let Some(tracker) = &self.arguments.tracker else { return false };
        let generics = self.function.generic_names();
        let names: Vec<&str> = generics.iter().map(String::as_str).chain(["Self"]).collect();
        tracker.has_predicate() || tracker.rust_tokens().any(|tokens| first_identifier(tokens, &names).is_some())
    }

    /// Returns the predicate of `failed_if`.
    pub(super) fn failed_if(&self) -> TokenStream {
        let krate = &self.krate;
        let given = self.arguments.failed_if.as_ref().map(|given| self.capturing(&given.value));
        given.unwrap_or_else(|| quote_spanned!(Span::mixed_site()=> #krate::__private::never))
    }
}
