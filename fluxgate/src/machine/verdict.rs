use std::sync::Arc;

use super::{probes::EndedProbes, reason::Reason};
use crate::{
    outcome::Outcome,
    policy::{
        compiled::ProbeLimits,
        trippers::evidence::{Evidence, Tripped},
    },
    state::State,
};

/// The facts for a verdict after the end of a call.
#[derive(Clone, Copy)]
pub(crate) struct Occasion {
    pub(crate) state: State,
    /// `None` for a probe that was not recorded.
    pub(crate) recorded: Option<Outcome>,
    pub(crate) probes: EndedProbes,
    pub(crate) limits: ProbeLimits,
}

impl Occasion {
    /// Returns whether the verdict depends on the permit having reached its final ratio.
    pub(crate) fn asks_permit(&self) -> bool {
        self.state == State::HalfOpen && (self.recorded == Some(Outcome::Success) || self.reached_ignored().is_some())
    }

    fn reached_failed(&self) -> Option<u32> {
        let limit = self.limits.max_failed_probes?;
        (self.probes.failed(self.limits.waiting_unit) >= u64::from(limit)).then_some(limit)
    }

    fn reached_ignored(&self) -> Option<u32> {
        let limit = self.limits.max_failed_probes?;
        (self.probes.ignored() >= u64::from(limit)).then_some(limit)
    }

    /// Adds the number of abandoned probes to the evidence: the tripper sees them only as failures.
    fn with_abandoned(&self, mut tripped: Tripped) -> Tripped {
        let abandoned = self.probes.abandoned();
        if self.state == State::HalfOpen && abandoned > 0 {
            let limit = fluxgate_policy::SettingValue::Duration(self.limits.max_probe_time.0);
            let plural = if abandoned == 1 { "" } else { "s" };
            let evidence = Evidence {
                clause: Arc::from(format!("max_probe_time({limit})")),
                figures: format!("{abandoned} probe{plural} abandoned"),
                condition: false,
            };
            tripped.clauses.insert(0, evidence);
        }
        tripped
    }
}

/// Decides which transition the end of a call causes, given the result of the tripper. The limits on probes come last.
pub(crate) fn verdict(
    occasion: &Occasion,
    tripped: Option<Tripped>,
    is_final: impl FnOnce() -> bool,
) -> Option<(State, Reason)> {
    if let Some(tripped) = tripped {
        return Some((State::Open, Reason::Tripped(occasion.with_abandoned(tripped))));
    }
    if occasion.state != State::HalfOpen {
        return None;
    }
    if occasion.recorded == Some(Outcome::Success) {
        return is_final().then_some((State::Closed, Reason::Recovered));
    }
    if let Some(limit) = occasion.reached_failed() {
        return Some((State::Open, Reason::ProbesFailed { limit }));
    }
    let limit = occasion.reached_ignored()?;
    is_final().then_some((State::Closed, Reason::ProbesIgnored { limit }))
}
