//! What happened, as the trace that `replay` reads.

use super::{
    Nanos, SECOND,
    step::{End, Order},
};

/// The rows of a trace, in the order of their start.
#[derive(Default)]
pub(super) struct Trace {
    rows: Vec<Row>,
    /// When shadow mode was switched, which a trace can't say.
    switches: Vec<(Nanos, bool)>,
}

struct Row {
    at: Nanos,
    outcome: &'static str,
    ends: Option<Nanos>,
}

impl Trace {
    /// A call begins; the number is for its end.
    pub(super) fn begin(&mut self, at: Nanos) -> usize {
        // As long as nothing else is known it ends well, at the end of time.
        self.rows.push(Row { at, outcome: "ok", ends: Some(Nanos::MAX) });
        self.rows.len() - 1
    }

    pub(super) fn end(&mut self, row: usize, end: End, now: Nanos) {
        self.rows[row].outcome = match end {
            End::Success => "ok",
            End::Failure | End::Panic => "fail",
            End::Ignored => "ignored",
            End::Cancelled => "cancelled",
        };
        self.rows[row].ends = Some(now);
    }

    pub(super) fn command(&mut self, at: Nanos, order: Order) {
        let outcome = match order {
            Order::Reset => "reset",
            Order::Disable => "disable",
            Order::MetricsOnly => "metrics_only",
            Order::ForceOpen => "force_open",
        };
        self.rows.push(Row { at, outcome, ends: None });
    }

    pub(super) fn shadow(&mut self, at: Nanos, shadow: bool) {
        self.switches.push((at, shadow));
    }

    /// When shadow mode was switched, in words.
    pub(super) fn switches(&self) -> String {
        let switch = |&(at, on): &(Nanos, bool)| format!("{} at {}", if on { "on" } else { "off" }, seconds(at));
        self.switches.iter().map(switch).collect::<Vec<_>>().join(", ")
    }

    /// The trace itself.
    pub(super) fn csv(&self) -> String {
        let row = |Row { at, outcome, ends }: &Row| {
            let duration = ends.map_or(String::new(), |ends| seconds(ends - at));
            format!("{},{outcome},{duration}\n", seconds(*at))
        };
        let header = "at,outcome,duration\n".to_owned();
        self.rows.iter().fold(header, |csv, each| csv + &row(each))
    }
}

fn seconds(nanos: Nanos) -> String {
    let text = format!("{}.{:09}", nanos / SECOND, nanos % SECOND);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
