use crate::time::nanos::Nanos;

/// What an admitted call has to show when it ends: the generation that admitted it and, for a probe, its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticket {
    /// The highest bit says that this is a probe's.
    generation: u64,
    /// A probe's id; else when the call started, or [`Nanos::NEVER`] where that was not asked.
    detail: u64,
}

const IS_PROBE: u64 = 1 << 63;

impl Ticket {
    /// The outcome concerns nobody: the breaker is disabled, lets the call pass in shadow mode alone, or the call is part
    /// of a probe.
    pub(crate) const UNRECORDED: Self = Self { generation: !IS_PROBE, detail: 0 };

    #[inline]
    pub(crate) fn of_call(generation: u64, started: Nanos) -> Self {
        Self { generation, detail: started.0 }
    }

    pub(crate) fn of_probe(generation: u64, id: u64) -> Self {
        Self { generation: generation | IS_PROBE, detail: id }
    }

    /// The generation of a call that is no probe. That of a probe is none.
    #[inline]
    pub(crate) fn generation_of_call(self) -> u64 {
        self.generation
    }

    /// The generation that admitted the call, which is none for an unrecorded one.
    pub(crate) fn generation(self) -> u64 {
        self.generation & !IS_PROBE
    }

    /// The id of a probe's slot.
    pub(crate) fn probe_id(self) -> Option<u64> {
        self.is_probe().then_some(self.detail)
    }

    /// When a call started that is no probe.
    #[inline]
    pub(crate) fn started(self) -> Nanos {
        Nanos(self.detail)
    }

    /// The same ticket of a call that started then: told by all tickets but a probe's.
    #[cfg(feature = "recorder")]
    pub(crate) fn started_at(self, now: Nanos) -> Self {
        match self {
            _ if self.is_probe() => self,
            // One more than the time, for zero says that nobody asks.
            _ if !self.is_recorded() => Self { detail: now.0.saturating_add(1), ..self },
            _ => Self { detail: now.0, ..self },
        }
    }

    /// When a call started that is no probe, as far as the ticket tells.
    #[cfg(feature = "recorder")]
    pub(crate) fn started_if_known(self) -> Option<Nanos> {
        if self.is_recorded() { Some(self.started()) } else { self.detail.checked_sub(1).map(Nanos) }
    }

    /// Whether the end of the call is of interest to nobody at all.
    #[inline]
    pub(crate) fn is_over(self) -> bool {
        self == Self::UNRECORDED
    }

    /// Whether the outcome counts.
    #[inline]
    pub(crate) fn is_recorded(self) -> bool {
        self.generation != Self::UNRECORDED.generation
    }

    #[inline]
    pub(crate) fn is_probe(self) -> bool {
        self.generation & IS_PROBE != 0
    }
}
