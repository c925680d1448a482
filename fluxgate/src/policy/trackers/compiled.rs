use fluxgate_policy::Expr;

use super::{CustomTracker, ErrorView};
use crate::{policy::component::AnyComponent, user_code};

/// A checked tracker, ready to be asked.
pub(crate) struct CompiledTracker {
    /// `None` for `All()`, which examines no error.
    expression: Option<Box<Expr<AnyComponent<dyn CustomTracker>>>>,
}

impl CompiledTracker {
    pub(crate) fn new(expression: &Expr<AnyComponent<dyn CustomTracker>>) -> Self {
        let all = matches!(expression, Expr::Leaf(AnyComponent::BuiltIn(_)));
        Self { expression: (!all).then(|| Box::new(expression.clone())) }
    }

    /// Returns `true` if every error counts, so that errors need not be examined.
    pub(crate) fn tracks_all(&self) -> bool {
        self.expression.is_none()
    }

    /// Decides whether an error counts as a failure. `view` is called only if the error is examined.
    pub(crate) fn tracks<'a>(&self, breaker: &str, view: impl FnOnce() -> ErrorView<'a>) -> bool {
        let Some(expression) = &self.expression else { return true };
        user_code::run("tracker", breaker, || tracks(expression, view())).unwrap_or(true)
    }
}

fn tracks(expression: &Expr<AnyComponent<dyn CustomTracker>>, error: ErrorView<'_>) -> bool {
    expression.holds(|leaf| match leaf {
        // `All()` is the only built-in tracker without Rust code.
        AnyComponent::BuiltIn(_) | AnyComponent::Mistake(_) => true,
        AnyComponent::Custom(custom) => custom.component.tracks(error),
    })
}
