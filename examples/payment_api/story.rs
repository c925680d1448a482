//! Prints what happens, why, and what the breaker spared.

use std::{
    io::IsTerminal,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use fluxgate::{Signal, State};

use crate::{PaymentError, provider::Mood};

pub(crate) enum Event {
    Provider(Mood),
    Breaker(Signal),
    /// A payment and the time that its customer waited.
    Payment(Result<(), PaymentError>, Duration),
}

/// Payments by their outcome.
#[derive(Clone, Copy, Default)]
struct Tally {
    paid: u32,
    declined: u32,
    failed: u32,
    rejected: u32,
    /// The time that customers waited for failures.
    waited: Duration,
}

pub(crate) struct Story {
    start: Instant,
    is_recorded: bool,
    with_colours: bool,
    is_down: bool,
    outages: u32,
    /// Since the last line that was told.
    recent: Tally,
    total: Tally,
    /// A transition whose call has not been counted yet: listeners hear of it before the caller has its answer.
    pending: Option<Signal>,
    /// Rejected while the provider was down.
    spared: u32,
}

/// The story goes on for so long after the recovery.
const EPILOGUE: Duration = Duration::from_millis(1_500);

impl Story {
    pub(crate) fn begin(customers: usize, is_recorded: bool) -> Self {
        println!("{customers} customers keep paying through a provider that is about to fail. Their calls are guarded");
        println!("by a circuit breaker{}.\n", if is_recorded { " in shadow mode: it rejects nothing" } else { "" });
        let with_colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let (recent, total) = (Tally::default(), Tally::default());
        Self {
            start: Instant::now(),
            is_recorded,
            with_colours,
            is_down: false,
            outages: 0,
            recent,
            total,
            pending: None,
            spared: 0,
        }
    }

    /// Tells the events, until the breaker has closed again or the limit is over. Returns whether it has closed.
    pub(crate) fn follow(&mut self, events: &Receiver<Event>, limit: Duration) -> bool {
        let mut state = State::Closed;
        let mut end = self.start + limit;
        loop {
            match events.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Event::Payment(result, waited)) => {
                    self.count(&result, waited);
                    if !matches!(result, Err(PaymentError::Rejected)) {
                        self.tell_pending();
                    }
                }
                Ok(Event::Provider(mood)) => {
                    self.tell_pending();
                    self.tell_provider(mood);
                }
                Ok(Event::Breaker(signal)) => {
                    self.tell_pending();
                    state = signal.new_state();
                    self.pending = Some(signal);
                    if state == State::HalfOpen {
                        self.tell_pending();
                    }
                    if state == State::Closed && !self.is_down {
                        end = end.min(Instant::now() + EPILOGUE);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        self.tell_pending();
        self.tell_payments();
        self.tell_total();
        self.outages > 0 && !self.is_down && state == State::Closed
    }

    fn count(&mut self, result: &Result<(), PaymentError>, waited: Duration) {
        for tally in [&mut self.recent, &mut self.total] {
            match result {
                Ok(()) => tally.paid += 1,
                Err(PaymentError::Declined) => tally.declined += 1,
                Err(PaymentError::Rejected) => tally.rejected += 1,
                Err(PaymentError::Unavailable | PaymentError::TimedOut) => {
                    tally.failed += 1;
                    tally.waited += waited;
                }
            }
        }
        self.spared += u32::from(self.is_down && matches!(result, Err(PaymentError::Rejected)));
    }

    fn tell_provider(&mut self, mood: Mood) {
        self.outages += u32::from(mood != Mood::Well && !self.is_down);
        self.is_down = mood != Mood::Well;
        let what = match mood {
            Mood::Well if self.outages > 0 => "is well again",
            Mood::Well => "is well",
            Mood::Failing => "fails: it answers 503, and takes 0.2 s to do so",
            Mood::Hanging => "hangs: customers give up after 0.5 s",
        };
        self.tell("provider", what);
    }

    fn tell_pending(&mut self) {
        if let Some(signal) = self.pending.take() {
            self.tell_breaker(&signal);
        }
    }

    fn tell_breaker(&mut self, signal: &Signal) {
        let state = signal.new_state();
        let colour = match state {
            State::Open => "31",
            State::Closed => "32",
            _ => "33",
        };
        let name = format!("{:<12}", state.to_string());
        let name = if self.with_colours { format!("\x1b[1;{colour}m{name}\x1b[0m") } else { name };
        self.tell("breaker", &format!("{name}{}", signal.reason()));
        let meaning = match state {
            _ if self.is_recorded => return,
            State::Open => "every call is rejected at once",
            State::HalfOpen => "a few calls go through, to see how the provider is",
            State::Closed => "every call goes through",
            _ => return,
        };
        println!("{:34}{meaning}", "");
    }

    fn tell(&mut self, who: &str, what: &str) {
        self.tell_payments();
        println!("{:5.1} s   {who:<12}{what}", self.start.elapsed().as_secs_f64());
    }

    /// Tells what has become of the payments since it was told last.
    fn tell_payments(&mut self) {
        let Tally { paid, declined, failed, rejected, .. } = std::mem::take(&mut self.recent);
        let parts = [(paid, "paid"), (declined, "declined"), (failed, "failed"), (rejected, "rejected")];
        let parts: Vec<_> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if !parts.is_empty() {
            println!("{:10}payments    {}", "", parts.join(", "));
        }
    }

    fn tell_total(&self) {
        let Tally { paid, declined, failed, rejected, waited } = self.total;
        println!("\nin {:.0} s", self.start.elapsed().as_secs_f64());
        println!("{paid:7}   paid");
        println!("{declined:7}   declined, which the breaker ignores");
        println!("{failed:7}   failed, after {:.1} s of waiting in all", waited.as_secs_f64());
        println!("{rejected:7}   rejected, without any waiting");
        if self.spared > 0 && failed > 0 {
            let reached = f64::from(failed);
            let mean = waited.as_secs_f64() / reached;
            println!(
                "\nWhile it was down, the provider was spared {} calls, and customers {:.0} s of waiting in vain.",
                self.spared,
                mean * f64::from(self.spared)
            );
        }
    }
}
