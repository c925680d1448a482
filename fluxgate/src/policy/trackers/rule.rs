use fluxgate_policy::Expr;

use super::{CustomTracker, ErrorView};
use crate::{policy::component::Leaf, user_code};

/// A checked tracker, ready to be asked.
pub(crate) struct Rule {
    /// `None` for `All()`, which every error passes unseen.
    expression: Option<Box<Expr<Leaf<dyn CustomTracker>>>>,
}

impl Rule {
    pub(crate) fn new(expression: &Expr<Leaf<dyn CustomTracker>>) -> Self {
        let all = matches!(expression, Expr::Leaf(Leaf::BuiltIn(_)));
        Self { expression: (!all).then(|| Box::new(expression.clone())) }
    }

    /// Whether every error counts, so that nobody looks.
    pub(crate) fn tracks_all(&self) -> bool {
        self.expression.is_none()
    }

    /// Whether the error that `view` shows counts as a failure. The view is taken only if somebody looks.
    pub(crate) fn tracks<'a>(&self, breaker: &str, view: impl FnOnce() -> ErrorView<'a>) -> bool {
        let Some(expression) = &self.expression else { return true };
        user_code::run("tracker", breaker, || tracks(expression, view())).unwrap_or(true)
    }
}

fn tracks(expression: &Expr<Leaf<dyn CustomTracker>>, error: ErrorView<'_>) -> bool {
    expression.holds(|leaf| match leaf {
        // `All()` is the only tracker of the catalog that needs no Rust code.
        Leaf::BuiltIn(_) | Leaf::Mistake(_) => true,
        Leaf::Custom(custom) => custom.component.tracks(error),
    })
}
