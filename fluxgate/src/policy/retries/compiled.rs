use super::{CustomRetry, backoff, cooldown};
use crate::{policy::component::AnyComponent, time::nanos::Nanos, user_code::Supplied};

/// A checked retry, ready to be asked.
pub(crate) enum CompiledRetry {
    Never,
    After(Wait),
    Custom(Supplied<dyn CustomRetry>),
}

/// A wait that is known when the breaker opens.
pub(crate) struct Wait {
    /// The wait before jitter, by the number of reopenings.
    pub(super) base: Box<dyn Fn(u64) -> Nanos + Send + Sync>,
    pub(super) jitter_ratio: f64,
}

impl CompiledRetry {
    pub(crate) fn new(leaf: &AnyComponent<dyn CustomRetry>) -> Self {
        let component = match leaf {
            AnyComponent::BuiltIn(component) => component,
            AnyComponent::Custom(custom) => return Self::Custom(custom.component.clone()),
            AnyComponent::Mistake(error) => unreachable!("`build` refuses a policy with a mistake: {error}"),
        };
        match component.name() {
            "Always" => Self::After(Wait { base: Box::new(|_| Nanos(0)), jitter_ratio: 0.0 }),
            "Never" => Self::Never,
            "Cooldown" => Self::After(cooldown::wait(component)),
            "Backoff" => Self::After(backoff::wait(component)),
            name => unreachable!("`{name}` is in the catalog, but no retry of the runtime"),
        }
    }

    /// Returns `true` if it runs at every call, and the wait is not known before.
    pub(crate) fn is_custom(&self) -> bool {
        matches!(self, Self::Custom(_))
    }

    /// Returns `true` if an opening needs a random number.
    pub(crate) fn needs_draw(&self) -> bool {
        match self {
            Self::Never => false,
            Self::After(wait) => wait.jitter_ratio > 0.0,
            Self::Custom(_) => true,
        }
    }

    /// Returns the duration of an opening, `None` if it is not known when it begins. `draw` is from 0 to 1.
    pub(crate) fn wait(&self, reopens: u64, draw: f64) -> Option<Nanos> {
        let Self::After(wait) = self else { return None };
        let base = (wait.base)(reopens);
        if wait.jitter_ratio > 0.0 {
            let factor = 1.0 + wait.jitter_ratio * (2.0 * draw - 1.0);
            return Some(Nanos::from_f64(base.as_f64() * factor));
        }
        Some(base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::retries::{Backoff, Cooldown, Retry};

    fn compiled(retry: impl Into<Retry>) -> CompiledRetry {
        CompiledRetry::new(&retry.into().0)
    }

    const SECOND: u64 = Nanos::PER_SECOND;

    #[test]
    fn a_backoff_doubles_up_to_its_longest_wait() {
        let retry = compiled(Backoff::new(10).max_duration(45));
        let waits: Vec<_> = (0..5).map(|reopens| retry.wait(reopens, 0.0).unwrap().0 / SECOND).collect();
        assert_eq!(waits, [10, 20, 40, 45, 45]);
    }

    #[test]
    fn a_backoff_never_overflows() {
        let retry = compiled(Backoff::new(1e9).multiplier(1e300).max_duration(1e18).jitter_ratio(0.5));
        for reopens in [0, 1, 2, 1_024, u64::MAX] {
            for draw in [0.0, 0.5, 0.999_999] {
                let wait = retry.wait(reopens, draw).unwrap();
                assert!(Nanos(u64::MAX).plus(wait) == Nanos(u64::MAX));
            }
        }
    }

    #[test]
    fn jitter_spreads_the_wait_evenly_around_it() {
        let retry = compiled(Cooldown(100).jitter_ratio(0.1));
        assert_eq!(retry.wait(0, 0.0), Some(Nanos(90 * SECOND)));
        assert_eq!(retry.wait(0, 0.5), Some(Nanos(100 * SECOND)));
        assert_eq!(retry.wait(0, 0.75), Some(Nanos(105 * SECOND)));
    }

    #[test]
    fn a_wait_without_jitter_is_exact_to_the_nanosecond() {
        let retry = compiled(Cooldown(std::time::Duration::from_nanos(9_007_199_254_740_993)));
        assert_eq!(retry.wait(3, 0.9), Some(Nanos(9_007_199_254_740_993)));
    }
}
