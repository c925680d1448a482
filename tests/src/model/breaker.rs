//! The rules of a breaker, one after the other.

use fluxgate::State;

use super::{
    Nanos,
    figures::{Figures, Record, Records},
    policy::{Permit, Policy, Retry},
    step::{End, Order},
};

/// What an admitted call has to show when it ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ticket {
    Call { generation: u64, started: Nanos },
    Probe { id: u64, started: Nanos },
    Unrecorded,
}

/// A transition, as it must be told.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Told {
    pub(super) old: State,
    pub(super) new: State,
    pub(super) why: Why,
    pub(super) at: Nanos,
    pub(super) reopens: u64,
    pub(super) figures: Figures,
    pub(super) retry_after: Option<Nanos>,
    pub(super) shadow: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Why {
    Tripped(Vec<String>),
    RetryDue,
    Recovered,
    ProbesFailed(u32),
    ProbesIgnored(u32),
    Command,
}

/// What the real breaker drew, to be checked and followed.
pub(super) trait Chance {
    /// Whether it admitted the call that the model is asked about.
    fn admitted(&mut self) -> bool;
    /// The wait that it told of with its next transition.
    fn wait(&mut self) -> Option<Nanos>;
}

/// Counts of probes that have ended.
#[derive(Default)]
struct Ended {
    failed: u64,
    abandoned: u64,
    ignored: u64,
    /// Of those that were dropped and not recorded.
    waited: Nanos,
}

pub(super) struct Model<'p> {
    policy: &'p Policy,
    thresholds: Vec<Nanos>,
    pub(super) state: State,
    pub(super) since: Nanos,
    generation: u64,
    pub(super) reopens: u64,
    pub(super) streak: u64,
    records: Records,
    /// The id and start of each probe in flight.
    probes: Vec<(u64, Nanos)>,
    next_probe: u64,
    /// How the probes of this half-open state have ended.
    ended: Ended,
    /// When an opening ends.
    pub(super) due: Option<Nanos>,
    pub(super) rejected: u64,
    pub(super) would_have_been_rejected: u64,
    pub(super) shadow: bool,
    told: Vec<Told>,
}

impl<'p> Model<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            thresholds: policy.slow_thresholds(),
            state: State::Closed,
            since: 0,
            generation: 0,
            reopens: 0,
            streak: 0,
            records: Records::new(policy.window),
            probes: Vec::new(),
            next_probe: 0,
            ended: Ended::default(),
            due: None,
            rejected: 0,
            would_have_been_rejected: 0,
            shadow: false,
            told: Vec::new(),
        }
    }

    /// The transitions since the last time.
    pub(super) fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// How long until the ramp admits every call, or until the retry is due.
    pub(super) fn retry_after(&self, now: Nanos) -> Option<Nanos> {
        match self.policy.permit {
            Permit::RampUp { last, duration, .. } if self.state == State::HalfOpen => {
                let left = duration.saturating_sub(now - self.since);
                let is_full = self.probes.len() >= self.policy.max_half_open_calls as usize;
                (!is_full && last >= 1.0 && left > 0).then_some(left)
            }
            _ => self.due.map(|due| due.saturating_sub(now)),
        }
    }

    pub(super) fn probes_in_flight(&self) -> usize {
        self.probes.len()
    }

    pub(super) fn oldest_probe(&self) -> Option<Nanos> {
        self.probes.first().map(|probe| probe.1)
    }

    pub(super) fn figures(&mut self, now: Nanos) -> Figures {
        self.records.forget(now);
        self.records.figures(&self.thresholds, self.policy.asks_for_the_mean())
    }

    /// Rule 1: what becomes of a call that begins now. `None` if it is rejected.
    pub(super) fn admit(&mut self, now: Nanos, chance: &mut impl Chance) -> Option<Ticket> {
        loop {
            match self.state {
                State::Closed | State::MetricsOnly => {
                    return Some(Ticket::Call { generation: self.generation, started: now });
                }
                State::Disabled => return Some(Ticket::Unrecorded),
                State::Open if self.due.is_some_and(|due| now >= due) => {
                    self.enter(State::HalfOpen, now, Why::RetryDue, chance);
                }
                State::Open | State::ForcedOpen => return self.reject(),
                State::HalfOpen => {
                    if !self.give_up_the_oldest(now, chance) {
                        return self.admit_probe(now, chance);
                    }
                }
            }
        }
    }

    /// What becomes of a call that begins inside another one, on the same thread.
    pub(super) fn admit_inside(&mut self, outer: Ticket, now: Nanos, chance: &mut impl Chance) -> Option<Ticket> {
        match outer {
            Ticket::Probe { id, .. } if self.probes.iter().any(|probe| probe.0 == id) => Some(Ticket::Unrecorded),
            _ => self.admit(now, chance),
        }
    }

    fn reject(&mut self) -> Option<Ticket> {
        if self.shadow {
            self.would_have_been_rejected += 1;
            return Some(Ticket::Unrecorded);
        }
        self.rejected += 1;
        None
    }

    /// A probe that hangs is a failed call of its duration so far, and its slot free.
    fn give_up_the_oldest(&mut self, now: Nanos, chance: &mut impl Chance) -> bool {
        let (Some(limit), Some(&(id, started))) = (self.policy.max_probe_time, self.probes.first()) else {
            return false;
        };
        let hangs = now - started >= limit;
        if hangs {
            self.ended.abandoned += 1;
            self.end(Ticket::Probe { id, started }, End::Failure, now, chance);
        }
        hangs
    }

    fn admit_probe(&mut self, now: Nanos, chance: &mut impl Chance) -> Option<Ticket> {
        if self.probes.len() >= self.policy.max_half_open_calls as usize {
            return self.reject();
        }
        let (ratio, _) = self.permit(now);
        let admitted = match ratio {
            0.0 => false,
            1.0 => true,
            // Either may be, so what was is right. In shadow mode that can't be seen from outside.
            _ => chance.admitted(),
        };
        if !admitted {
            return self.reject();
        }
        let id = self.next_probe;
        self.next_probe += 1;
        self.probes.push((id, now));
        Some(Ticket::Probe { id, started: now })
    }

    /// The chance of a probe, and whether that is the permit's final one.
    #[allow(clippy::cast_precision_loss, reason = "a ratio of time")]
    fn permit(&self, now: Nanos) -> (f64, bool) {
        match self.policy.permit {
            Permit::All => (1.0, true),
            Permit::Random(ratio) => (ratio, true),
            Permit::RampUp { last, duration, .. } if now - self.since >= duration => (last, true),
            Permit::RampUp { initial, last, duration } => {
                (initial + (last - initial) * ((now - self.since) as f64 / duration as f64), false)
            }
        }
    }

    /// Rules 3 to 5: a call has ended.
    pub(super) fn end(&mut self, ticket: Ticket, end: End, now: Nanos, chance: &mut impl Chance) {
        let started = match ticket {
            Ticket::Unrecorded => return,
            Ticket::Call { generation, .. } if generation != self.generation => return,
            Ticket::Call { started, .. } => started,
            Ticket::Probe { id, started } => {
                let Some(place) = self.probes.iter().position(|probe| probe.0 == id) else { return };
                self.probes.remove(place);
                started
            }
        };
        let duration = now - started;
        let is_probe = matches!(ticket, Ticket::Probe { .. });
        let failed = match end {
            End::Success => false,
            End::Failure | End::Panic => true,
            End::Ignored if is_probe => {
                (self.ended.ignored, self.ended.waited) = (self.ended.ignored + 1, 0);
                return self.judge_probes(now, chance);
            }
            End::Ignored => return,
            End::Cancelled => match self.policy.cancelled_after() {
                Some(threshold) if duration >= threshold => true,
                _ if is_probe => {
                    (self.ended.ignored, self.ended.waited) = (0, self.ended.waited.saturating_add(duration));
                    return self.judge_probes(now, chance);
                }
                _ => return,
            },
        };
        self.ended.ignored = 0;
        if failed {
            self.ended.failed += 1;
        } else {
            self.ended = Ended::default();
        }
        self.records.add(Record { failed, duration, at: now });
        self.streak = if failed { self.streak + 1 } else { 0 };
        if !matches!(self.state, State::Closed | State::HalfOpen) {
            return;
        }
        if self.records.trip(&self.policy.tripper, self.state, self.streak) {
            let mut clauses = self.records.clauses(&self.policy.tripper, self.state, self.streak);
            if self.ended.abandoned > 0 {
                clauses.insert(0, "max_probe_time".to_owned());
            }
            self.enter(State::Open, now, Why::Tripped(clauses), chance);
        } else if self.state == State::HalfOpen && !failed && self.permit(now).1 {
            self.enter(State::Closed, now, Why::Recovered, chance);
        } else {
            self.judge_probes(now, chance);
        }
    }

    /// `half_open` does not last: a probe has ended.
    fn judge_probes(&mut self, now: Nanos, chance: &mut impl Chance) {
        let Some(limit) = self.policy.max_failed_probes.filter(|_| self.state == State::HalfOpen) else { return };
        let Ended { failed, ignored, waited, .. } = self.ended;
        if failed + waited / self.policy.waiting_unit() >= u64::from(limit) {
            self.enter(State::Open, now, Why::ProbesFailed(limit), chance);
        } else if ignored >= u64::from(limit) && self.permit(now).1 {
            self.enter(State::Closed, now, Why::ProbesIgnored(limit), chance);
        }
    }

    pub(super) fn command(&mut self, order: Order, now: Nanos, chance: &mut impl Chance) {
        let to = match order {
            Order::Reset => State::Closed,
            Order::Disable => State::Disabled,
            Order::MetricsOnly => State::MetricsOnly,
            Order::ForceOpen => State::ForcedOpen,
        };
        self.enter(to, now, Why::Command, chance);
    }

    fn enter(&mut self, to: State, now: Nanos, why: Why, chance: &mut impl Chance) {
        let (old, figures) = (self.state, self.figures(now));
        self.state = to;
        self.since = now;
        self.generation += 1;
        self.records.clear();
        self.probes.clear();
        self.ended = Ended::default();
        self.due = None;
        match to {
            State::Closed => (self.reopens, self.streak) = (0, 0),
            State::HalfOpen => self.streak = 0,
            State::Open => {
                self.reopens += u64::from(old == State::HalfOpen);
                self.due = self.wait(chance).map(|wait| now.saturating_add(wait).min(super::LAST));
            }
            State::MetricsOnly | State::Disabled | State::ForcedOpen => {}
        }
        if old != to {
            let retry_after = self.due.map(|due| due.saturating_sub(now));
            let (reopens, shadow) = (self.reopens, self.shadow);
            self.told.push(Told { old, new: to, why, at: now, reopens, figures, retry_after, shadow });
        }
    }

    /// How long an opening lasts.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "waits")]
    fn wait(&self, chance: &mut impl Chance) -> Option<Nanos> {
        let (wait, jitter_ratio) = match self.policy.retry {
            Retry::Always => (0.0, 0.0),
            Retry::Never => return None,
            Retry::Cooldown { wait, jitter_ratio } => (wait as f64, jitter_ratio),
            Retry::Backoff { initial, multiplier, max_duration, jitter_ratio } => {
                ((initial as f64 * multiplier.powf(self.reopens as f64)).min(max_duration as f64), jitter_ratio)
            }
        };
        if jitter_ratio == 0.0 {
            return Some(wait.round() as Nanos);
        }
        let drawn = chance.wait()?;
        let (shortest, longest) = (wait * (1.0 - jitter_ratio), wait * (1.0 + jitter_ratio));
        // At the end of time a wait is cut short.
        assert!(drawn as f64 <= longest + 1.0, "a wait of {drawn} ns, where {longest} ns are the longest");
        assert!(
            drawn as f64 >= shortest - 1.0 || drawn.saturating_add(self.since) >= super::LAST,
            "a wait of {drawn} ns, where {shortest} ns are the shortest"
        );
        Some(drawn)
    }
}
