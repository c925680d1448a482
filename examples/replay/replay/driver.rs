//! Drives a breaker by hand through a trace, on a manual clock, with the calls overlapping as they did.

use std::{cmp::Ordering, collections::BinaryHeap, time::Duration};

use fluxgate::{Call, CircuitBreaker, ManualClock};

use crate::trace::{Command, Event, Outcome, Row};

/// What came of a row when its time had come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// The call was admitted.
    Permitted,
    /// The call was rejected, and is over.
    Rejected,
    /// The row was a command.
    Command,
}

/// Somebody who watches, row by row. Rows are known by their index.
pub trait Observer {
    /// The row's time has come.
    fn decided(&mut self, index: usize, decision: Decision);

    /// The row is over: the call has ended or was rejected, or the command was given.
    fn ended(&mut self, index: usize);
}

/// Runs the breaker through the rows, which must be in the order of time. Its clock must be `clock`, and stand at the
/// breaker's creation.
///
/// At one and the same time ends come before starts and commands; otherwise the order is that of the rows.
pub fn drive(breaker: &CircuitBreaker, clock: &ManualClock, rows: &[Row], observer: &mut impl Observer) {
    let mut driver = Driver { breaker, clock, in_flight: BinaryHeap::new(), observer };
    for (index, row) in rows.iter().enumerate() {
        driver.end_until(row.at);
        clock.advance_to(row.at);
        driver.start(index, row);
    }
    driver.end_until(Duration::MAX);
}

struct Driver<'b, O> {
    breaker: &'b CircuitBreaker,
    clock: &'b ManualClock,
    in_flight: BinaryHeap<InFlight<'b>>,
    observer: &'b mut O,
}

struct InFlight<'b> {
    ends: Duration,
    index: usize,
    call: Call<'b>,
    outcome: Outcome,
}

impl<O: Observer> Driver<'_, O> {
    fn start(&mut self, index: usize, row: &Row) {
        let decision = match row.event {
            Event::Command(command) => {
                match command {
                    Command::Reset => self.breaker.reset(),
                    Command::Disable => self.breaker.disable(),
                    Command::MetricsOnly => self.breaker.metrics_only(),
                    Command::ForceOpen => self.breaker.force_open(),
                }
                Decision::Command
            }
            Event::Call { outcome, .. } => match self.breaker.try_acquire() {
                Ok(call) => {
                    self.in_flight.push(InFlight { ends: row.end(), index, call, outcome });
                    return self.observer.decided(index, Decision::Permitted);
                }
                Err(_) => Decision::Rejected,
            },
        };
        self.observer.decided(index, decision);
        self.observer.ended(index);
    }

    /// Ends the calls whose time has come by `limit`.
    fn end_until(&mut self, limit: Duration) {
        while self.in_flight.peek().is_some_and(|next| next.ends <= limit) {
            let Some(InFlight { ends, index, call, outcome }) = self.in_flight.pop() else { return };
            self.clock.advance_to(ends);
            match outcome {
                Outcome::Ok => call.success(),
                Outcome::Fail => call.failure(),
                Outcome::Ignored => call.ignored(),
                Outcome::Cancelled => drop(call),
            }
            self.observer.ended(index);
        }
    }
}

/// The heap gives the earliest end first, and of several the call that started first.
impl Ord for InFlight<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.ends, other.index).cmp(&(self.ends, self.index))
    }
}

impl PartialOrd for InFlight<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for InFlight<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for InFlight<'_> {}
