//! The rows of metrics, independent of the library that exports them.

#[cfg(feature = "keyed")]
use std::sync::Weak;
use std::time::Duration;

use super::Listener;
use crate::{
    breaker::{
        CircuitBreaker,
        info::Info,
        totals::{CallTotals, Transitions},
    },
    name::Name,
    policy::windows::metrics::ratio,
    registry,
    state::State,
};

/// A breaker as it stands, or several that are summed up.
pub(super) struct Row {
    pub(super) circuit_name: Name,
    /// Of a breaker in a set.
    pub(super) key: Option<String>,
    pub(super) calls: CallTotals,
    pub(super) transitions: Transitions,
    infos: Vec<Info>,
}

/// All breakers that have an `L` among their listeners.
pub(super) fn rows<L: Listener>() -> Vec<Row> {
    let is_listed = |breaker: &CircuitBreaker| breaker.listener::<L>().is_some();
    let single = registry::listed().filter(|breaker| is_listed(breaker));
    #[cfg(feature = "keyed")]
    let single = single.filter(|breaker| breaker.shared.place.membership().is_none());
    let rows = single.map(|breaker| Row {
        circuit_name: breaker.shared.place.label().clone(),
        key: None,
        // Both are there, for the listener asks for them.
        calls: breaker.totals().unwrap_or_default(),
        transitions: breaker.transitions().unwrap_or_default(),
        infos: vec![breaker.info()],
    });
    #[cfg(feature = "keyed")]
    let rows = rows.chain(crate::keyed::groups(is_listed).into_iter().map(|group| Row {
        circuit_name: group.circuit_name,
        key: Some(group.key),
        calls: group.counts.calls,
        transitions: group.counts.transitions,
        // One that was evicted since has no gauges any more.
        infos:
            group.breakers.iter().filter_map(Weak::upgrade).map(|shared| CircuitBreaker::from(shared).info()).collect(),
    }));
    rows.collect()
}

impl Row {
    /// The labels by which its series are told apart.
    pub(super) fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("circuit_name", self.circuit_name.as_str())].into_iter().chain(self.key.as_deref().map(|key| ("key", key)))
    }

    /// Tells whether there is no breaker any more: of a key, only what was counted is left.
    pub(super) fn is_gone(&self) -> bool {
        self.infos.is_empty()
    }

    /// Returns the number of its breakers in `state`: 1 or 0 for a single breaker.
    pub(super) fn in_state(&self, state: State) -> u64 {
        self.count(|info| info.state == state)
    }

    /// Returns the number of its breakers in shadow mode.
    pub(super) fn in_shadow(&self) -> u64 {
        self.count(|info| info.shadow)
    }

    fn count(&self, is_one: impl Fn(&Info) -> bool) -> u64 {
        self.infos.iter().map(|info| u64::from(is_one(info))).sum()
    }

    fn window(&self) -> u64 {
        self.infos.iter().map(|info| info.calls).sum()
    }

    /// Failures / calls of all windows; `None` while they are empty.
    pub(super) fn failure_rate(&self) -> Option<f64> {
        ratio(self.infos.iter().map(|info| info.failures).sum(), self.window())
    }

    /// Each threshold with the share of the calls in all windows.
    pub(super) fn slow_rates(&self) -> Vec<(Duration, f64)> {
        if let [info] = self.infos.as_slice() {
            return info.slow_rates.clone();
        }
        let thresholds = self.infos.iter().find(|info| !info.slow_rates.is_empty()).map(|info| &info.slow_rates);
        let shares = thresholds.into_iter().flatten().map(|(threshold, _)| {
            let share = self.infos.iter().filter_map(|info| {
                let (_, rate) = info.slow_rates.iter().find(|(known, _)| known == threshold)?;
                Some(rate * ratio(info.calls, self.window())?)
            });
            (*threshold, share.sum())
        });
        shares.collect()
    }

    /// The mean duration of the calls in all windows, where the policy measures it.
    pub(super) fn mean_latency(&self) -> Option<Duration> {
        let measured = || self.infos.iter().filter_map(|info| Some((info.mean_latency?, info.calls)));
        let total: u128 = measured().map(|(mean, calls)| mean.as_nanos() * u128::from(calls)).sum();
        let mean = total.checked_div(measured().map(|(_, calls)| u128::from(calls)).sum())?;
        // A mean of `u64` values is one.
        Some(Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX)))
    }
}
