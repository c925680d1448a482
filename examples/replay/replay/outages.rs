//! When the service was in trouble, by the trace itself: the same for every policy.

use std::{collections::VecDeque, time::Duration};

use crate::{
    replayed::Replayed,
    trace::{Outcome, Trace},
};
use fluxgate::State;

/// A time of trouble.
///
/// It begins with the end of the first of 5 bad calls among 10 in a row, and is over after the last bad call that 10
/// good ones follow; two that are less than a second apart are one. A call is bad if it failed, or took more than ten times the median of the successful calls. Calls
/// are taken in the order of their ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Outage {
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

const IN_A_ROW: usize = 10;
const BAD: usize = 5;
const TIMES_THE_MEDIAN: u32 = 10;
const APART: Duration = Duration::from_secs(1);

/// How soon a policy noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Detection {
    pub(crate) outages: usize,
    pub(crate) detected: usize,
    /// On average, over those detected.
    pub(crate) after: Duration,
}

pub(crate) fn outages(trace: &Trace) -> Vec<Outage> {
    let mut successes: Vec<_> =
        trace.calls().filter(|call| call.2 == Outcome::Ok).map(|(.., duration)| duration).collect();
    successes.sort_unstable();
    let median = successes.get(successes.len() / 2).copied().unwrap_or_default();
    let slow = median.saturating_mul(TIMES_THE_MEDIAN);
    let is_bad = |outcome, duration| outcome == Outcome::Fail || (!median.is_zero() && duration > slow);

    let mut ends: Vec<_> = trace
        .calls()
        .map(|(_, at, outcome, duration)| (at.saturating_add(duration), is_bad(outcome, duration)))
        .collect();
    ends.sort_by_key(|(end, _)| *end);

    let mut outages: Vec<Outage> = Vec::new();
    let mut recent = VecDeque::with_capacity(IN_A_ROW);
    let mut current: Option<Outage> = None;
    for (end, bad) in ends {
        if recent.len() == IN_A_ROW {
            recent.pop_front();
        }
        recent.push_back((end, bad));
        let bad_ones = recent.iter().filter(|(_, bad)| *bad).count();
        match &mut current {
            Some(outage) if bad => outage.to = end,
            Some(outage) if bad_ones == 0 && recent.len() == IN_A_ROW => {
                outages.push(*outage);
                current = None;
            }
            None if bad_ones >= BAD => {
                let from = recent.iter().find(|(_, bad)| *bad).map_or(end, |(first, _)| *first);
                current = Some(Outage { from, to: end });
            }
            _ => {}
        }
    }
    outages.extend(current);
    outages.dedup_by(|next, outage| {
        let is_one = next.from < outage.to + APART;
        if is_one {
            outage.to = next.to;
        }
        is_one
    });
    outages
}

/// How long after the beginning of each outage the breaker was open for the first time before its end: at once if it
/// was open already, or probing.
pub(crate) fn detection(replayed: &Replayed, outages: &[Outage], end: Duration) -> Detection {
    let stays = replayed.stays(end);
    let mut stays = stays.iter().filter(|stay| stay.state != State::Closed).peekable();
    let delays: Vec<_> = outages
        .iter()
        .filter_map(|outage| {
            while stays.next_if(|stay| stay.to <= outage.from).is_some() {}
            stays.peek().filter(|stay| stay.from <= outage.to).map(|stay| stay.from.saturating_sub(outage.from))
        })
        .collect();
    let detected = delays.len();
    let after = delays.iter().sum::<Duration>().checked_div(u32::try_from(detected).unwrap_or(u32::MAX));
    Detection { outages: outages.len(), detected, after: after.unwrap_or_default() }
}
