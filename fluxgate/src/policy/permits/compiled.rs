use super::CustomPermit;
use crate::{policy::component::AnyComponent, time::nanos::Nanos, user_code::Supplied};

/// A checked permit, ready to be asked.
pub(crate) enum CompiledPermit {
    Ramp(Ramp),
    Custom(Supplied<dyn CustomPermit>),
}

/// A probability that grows from `initial` to `last` over `duration`. `All` and `Random` are ramps that have ended.
pub(crate) struct Ramp {
    initial: f64,
    last: f64,
    duration: Nanos,
}

impl CompiledPermit {
    pub(crate) fn new(leaf: &AnyComponent<dyn CustomPermit>) -> Self {
        let component = match leaf {
            AnyComponent::BuiltIn(component) => component,
            AnyComponent::Custom(custom) => return Self::Custom(custom.component.clone()),
            AnyComponent::Mistake(error) => unreachable!("`build` refuses a policy with a mistake: {error}"),
        };
        let level = |ratio| Ramp { initial: ratio, last: ratio, duration: Nanos(0) };
        Self::Ramp(match component.name() {
            "All" => level(1.0),
            "Random" => level(component.number("ratio")),
            "RampUp" => Ramp {
                initial: component.number("initial"),
                last: component.number("final"),
                duration: Nanos(component.nanos("duration")),
            },
            name => unreachable!("`{name}` is in the catalog, but no permit of the runtime"),
        })
    }
}

impl Ramp {
    /// Returns the probability of admission, `elapsed` after the breaker became half-open.
    pub(crate) fn ratio(&self, elapsed: Nanos) -> f64 {
        if self.is_final(elapsed) {
            return self.last;
        }
        self.initial + (self.last - self.initial) * (elapsed.as_f64() / self.duration.as_f64())
    }

    /// Checks whether a success may close the breaker.
    pub(crate) fn is_final(&self, elapsed: Nanos) -> bool {
        elapsed >= self.duration
    }

    /// Returns the time until the end of a ramp that then admits every call. `None` once it has ended.
    pub(crate) fn admits_all_after(&self, elapsed: Nanos) -> Option<Nanos> {
        (self.last >= 1.0 && !self.is_final(elapsed)).then(|| self.duration.since(elapsed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::permits::{All, Permit, RampUp, Random};

    fn ramp(permit: impl Into<Permit>) -> Ramp {
        match CompiledPermit::new(&permit.into().0) {
            CompiledPermit::Ramp(ramp) => ramp,
            CompiledPermit::Custom(_) => unreachable!("built in"),
        }
    }

    const SECOND: Nanos = Nanos(Nanos::PER_SECOND);

    #[test]
    fn a_ramp_grows_linearly_and_stays_at_its_end() {
        let ramp = ramp(RampUp(0.2, 0.6, 4.0));
        let ratios = [0, 1, 2, 4, 400].map(|seconds| ramp.ratio(Nanos(seconds * SECOND.0)));
        for (ratio, expected) in ratios.iter().zip([0.2, 0.3, 0.4, 0.6, 0.6]) {
            assert!((ratio - expected).abs() < 1e-12, "{ratios:?}");
        }
    }

    #[test]
    fn a_success_may_close_only_at_the_end_of_a_ramp() {
        let ramp = ramp(RampUp(1.0, 1.0, 4.0));
        assert!(!ramp.is_final(Nanos(4 * SECOND.0 - 1)));
        assert!(ramp.is_final(Nanos(4 * SECOND.0)));
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "the very numbers of the policy")]
    fn all_and_random_are_at_their_final_ratio_from_the_start() {
        assert!(ramp(All()).is_final(Nanos(0)) && ramp(All()).ratio(Nanos(0)) == 1.0);
        assert!(ramp(Random(0.3)).is_final(Nanos(0)) && ramp(Random(0.3)).ratio(Nanos(0)) == 0.3);
    }
}
