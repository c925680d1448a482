use std::sync::Arc;

use fluxgate_policy::Expr;

use super::{
    CallContext, Clause, CustomTripper, Durations, Figures, clause,
    evidence::{Evidence, Tripped},
};
use crate::{
    policy::{
        component::{AnyComponent, Custom},
        windows::metrics::Measures,
    },
    time::nanos::Nanos,
    user_code,
};

/// A checked tripper, ready to be judged.
pub(crate) struct CompiledTripper {
    expression: Expr<CompiledClause>,
    custom: bool,
    /// `None` for a tripper that needs no durations.
    measures: Option<Arc<Measures>>,
    /// The maximum of [`Clause::judges_successes_below`].
    judges_successes_below: u64,
    /// The smallest threshold for durations.
    shortest_threshold: Option<Nanos>,
}

enum CompiledClause {
    BuiltIn { clause: Box<dyn Clause>, name: Box<str> },
    Custom(Custom<dyn CustomTripper>),
}

impl CompiledClause {
    fn as_clause(&self) -> Option<&dyn Clause> {
        match self {
            Self::BuiltIn { clause, .. } => Some(&**clause),
            Self::Custom(_) => None,
        }
    }
}

impl CompiledTripper {
    pub(crate) fn new(expression: &Expr<AnyComponent<dyn CustomTripper>>) -> Self {
        let expression = expression.clone().map(|leaf| match leaf {
            AnyComponent::BuiltIn(component) => {
                CompiledClause::BuiltIn { clause: clause(&component), name: component.to_string().into() }
            }
            AnyComponent::Custom(custom) => CompiledClause::Custom(custom),
            AnyComponent::Mistake(error) => unreachable!("`build` refuses a policy with a mistake: {error}"),
        });
        let custom = expression.leaves().any(|leaf| matches!(leaf, CompiledClause::Custom(_)));
        let clauses = || expression.leaves().filter_map(CompiledClause::as_clause);
        let mut thresholds = Vec::new();
        // A custom tripper may ask for the mean latency, so its policy measures durations.
        let (mut mean, mut shortest_threshold) = (custom, None::<Nanos>);
        for durations in clauses().map(Clause::durations) {
            let threshold = match durations {
                Durations::Unused => continue,
                Durations::Slow(threshold) => {
                    thresholds.push(threshold);
                    threshold
                }
                Durations::Mean(threshold) => {
                    mean = true;
                    threshold
                }
            };
            shortest_threshold = Some(shortest_threshold.map_or(threshold, |shortest| shortest.min(threshold)));
        }
        thresholds.sort_unstable();
        thresholds.dedup();
        let measures =
            (mean || !thresholds.is_empty()).then(|| Arc::new(Measures { thresholds: thresholds.into(), mean }));
        // A custom tripper may hold after any success.
        let judges_successes_below =
            if custom { u64::MAX } else { clauses().map(Clause::judges_successes_below).max().unwrap_or(0) };
        Self { expression, custom, measures, judges_successes_below, shortest_threshold }
    }

    pub(crate) fn has_user_code(&self) -> bool {
        self.custom
    }

    pub(crate) fn measures(&self) -> Option<&Arc<Measures>> {
        self.measures.as_ref()
    }

    /// Checks whether one more success, faster than every threshold, could make the tripper hold.
    pub(crate) fn may_hold_by_a_success(&self, calls: u64) -> bool {
        // Nothing has been judged before the first call.
        calls < self.judges_successes_below.max(1)
    }

    pub(crate) fn shortest_threshold(&self) -> Option<Nanos> {
        self.shortest_threshold
    }

    /// Judges a tripper without custom clauses.
    pub(crate) fn holds(&self, figures: Figures<'_>) -> bool {
        figures.metrics.calls > 0 && holds(&self.expression, figures, &mut |_| false)
    }

    /// Judges a copy of the figures, so that custom clauses run without the lock. One that panics does not hold.
    pub(crate) fn judge(&self, breaker: &str, context: &CallContext) -> Option<Tripped> {
        let figures = context.figures();
        // Each runs at most once, so that the reason agrees with the verdict.
        let mut verdicts: Vec<(*const (), bool)> = Vec::new();
        let mut ask = |custom: &Custom<dyn CustomTripper>| {
            let place = custom.component.address();
            if let Some(&(_, verdict)) = verdicts.iter().find(|known| known.0 == place) {
                return verdict;
            }
            let verdict = user_code::run("tripper", breaker, || custom.component.holds(context)).unwrap_or(false);
            verdicts.push((place, verdict));
            verdict
        };
        let trips = figures.metrics.calls > 0 && holds(&self.expression, figures, &mut ask);
        trips.then(|| reason(&self.expression, figures, &mut ask))
    }

    /// Explains why a tripper without custom clauses holds.
    pub(crate) fn reason(&self, figures: Figures<'_>) -> Tripped {
        reason(&self.expression, figures, &mut |_| false)
    }
}

type Ask<'a> = dyn FnMut(&Custom<dyn CustomTripper>) -> bool + 'a;

fn holds(expression: &Expr<CompiledClause>, figures: Figures<'_>, ask: &mut Ask<'_>) -> bool {
    expression.holds(|leaf| match leaf {
        CompiledClause::BuiltIn { clause, .. } => clause.holds(figures),
        CompiledClause::Custom(custom) => ask(custom),
    })
}

fn reason(expression: &Expr<CompiledClause>, figures: Figures<'_>, ask: &mut Ask<'_>) -> Tripped {
    let mut clauses = Vec::new();
    collect(expression, figures, ask, &mut clauses);
    Tripped { clauses }
}

/// Collects the clauses that made `expression` hold: all parts of an `&`, and the parts of an `|` that hold.
fn collect(expression: &Expr<CompiledClause>, figures: Figures<'_>, ask: &mut Ask<'_>, clauses: &mut Vec<Evidence>) {
    match expression {
        Expr::Leaf(CompiledClause::BuiltIn { clause, name }) => {
            let evidence = Evidence {
                clause: Arc::from(&**name),
                figures: clause.evidence(figures),
                condition: clause.is_condition(),
            };
            if !clauses.contains(&evidence) {
                clauses.push(evidence);
            }
        }
        Expr::Leaf(CompiledClause::Custom(custom)) => clauses.push(Evidence {
            clause: Arc::clone(&custom.name),
            figures: "condition held".to_owned(),
            condition: false,
        }),
        Expr::And(parts) => parts.iter().for_each(|part| collect(part, figures, ask, clauses)),
        Expr::Or(parts) => {
            for part in parts {
                if holds(part, figures, ask) {
                    collect(part, figures, ask, clauses);
                }
            }
        }
        // Trippers have no `!`.
        Expr::Not(_) => {}
    }
}

impl CallContext {
    fn figures(&self) -> Figures<'_> {
        Figures { state: self.state, metrics: &self.metrics, consecutive_failures: self.consecutive_failures }
    }
}
