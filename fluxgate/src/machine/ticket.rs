use crate::time::nanos::Nanos;

/// The identity of an admitted call: the generation that admitted it and, for a probe, its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticket {
    /// The highest bit is set for a probe.
    generation: u64,
    /// The id of a probe, or the start of any other call: [`Nanos::NEVER`] if it was not measured.
    detail: u64,
}

const IS_PROBE: u64 = 1 << 63;

impl Ticket {
    /// The ticket of a call whose outcome does not count: the breaker is disabled, only shadow mode lets the call run, or
    /// the call is part of a probe.
    pub(crate) const UNRECORDED: Self = Self { generation: !IS_PROBE, detail: 0 };

    #[inline]
    pub(crate) fn of_call(generation: u64, started: Nanos) -> Self {
        Self { generation, detail: started.0 }
    }

    pub(crate) fn of_probe(generation: u64, id: u64) -> Self {
        Self { generation: generation | IS_PROBE, detail: id }
    }

    /// Returns the generation of a call that is not a probe. For a probe, the result equals no generation.
    #[inline]
    pub(crate) fn generation_of_call(self) -> u64 {
        self.generation
    }

    /// Returns the generation that admitted the call. For an unrecorded call, the result equals no generation.
    pub(crate) fn generation(self) -> u64 {
        self.generation & !IS_PROBE
    }

    /// Returns the id of a probe's slot.
    pub(crate) fn probe_id(self) -> Option<u64> {
        self.is_probe().then_some(self.detail)
    }

    /// Returns the start of a call that is not a probe.
    #[inline]
    pub(crate) fn started(self) -> Nanos {
        Nanos(self.detail)
    }

    /// Notes the start of the call, which only the ticket of a probe does not hold.
    #[cfg(feature = "recorder")]
    pub(crate) fn started_at(self, now: Nanos) -> Self {
        match self {
            _ if self.is_probe() => self,
            // The time plus one: zero means that no tap has seen the call.
            _ if !self.is_recorded() => Self { detail: now.0.saturating_add(1), ..self },
            _ => Self { detail: now.0, ..self },
        }
    }

    /// Returns the start of a call that is not a probe, if the ticket holds it.
    #[cfg(feature = "recorder")]
    pub(crate) fn started_if_known(self) -> Option<Nanos> {
        if self.is_recorded() { Some(self.started()) } else { self.detail.checked_sub(1).map(Nanos) }
    }

    /// Returns whether neither the breaker nor a tap needs the end of the call.
    #[inline]
    pub(crate) fn is_unobserved(self) -> bool {
        self == Self::UNRECORDED
    }

    /// Returns whether the outcome counts.
    #[inline]
    pub(crate) fn is_recorded(self) -> bool {
        self.generation != Self::UNRECORDED.generation
    }

    #[inline]
    pub(crate) fn is_probe(self) -> bool {
        self.generation & IS_PROBE != 0
    }
}
