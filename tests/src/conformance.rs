//! The conformance lists, and the driver that runs a breaker through one of their cases.

use std::{cmp::Ordering, collections::BinaryHeap, time::Duration};

use flate2::read::GzDecoder;
use fluxgate::{Builder, Call, CircuitBreaker, ManualClock, Permit, Retry, Tripper, Window};
use serde::Deserialize;

/// A policy and what happens under it.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// What failures are reported under.
    pub name: String,
    /// The policy.
    pub policy: Policy,
    /// Calls and commands in the order of their start.
    pub events: Vec<Event>,
}

/// A policy in the policy language.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs, reason = "named as in the language")]
pub struct Policy {
    pub window: String,
    pub tripper: String,
    pub retry: String,
    pub permit: String,
    pub max_half_open_calls: Option<u32>,
}

/// A call or a command, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// Seconds from the breaker's creation.
    pub at: f64,
    /// What happens.
    #[serde(flatten)]
    pub action: Action,
    /// `permitted` or `rejected`, for a call.
    pub decision: Option<String>,
    /// The state once it has ended.
    pub state: String,
    /// The calls in the window afterwards, where the case says so.
    pub total: Option<u64>,
    /// The failures in the window afterwards, where the case says so.
    pub failures: Option<u64>,
}

/// What happens in an event.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", untagged)]
#[allow(missing_docs, reason = "named as in the lists")]
pub enum Action {
    Call { call: Ending, duration: f64 },
    Command { command: Command },
}

/// How a call ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named as in the lists")]
pub enum Ending {
    Ok,
    Fail,
    Ignored,
    Cancelled,
}

/// What an operator does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named as in the lists")]
pub enum Command {
    Reset,
    Disable,
    MetricsOnly,
    ForceOpen,
}

/// The cases that the original library ran, without overlapping calls.
pub fn sequential() -> Vec<Case> {
    read(include_bytes!("../data/sequential.json.gz"))
}

/// The cases of the model, with overlapping calls.
pub fn overlapping() -> Vec<Case> {
    read(include_bytes!("../data/overlapping.json.gz"))
}

fn read(compressed: &[u8]) -> Vec<Case> {
    serde_json::from_reader(GzDecoder::new(compressed)).expect("the list is kept as it was written")
}

/// What came of an event.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Happened {
    /// `permitted` or `rejected`, for a call.
    pub decision: Option<String>,
    /// The state once it had ended.
    pub state: String,
    /// The calls in the window then.
    pub total: u64,
    /// The failures in the window then.
    pub failures: u64,
}

impl Policy {
    /// A breaker with this policy.
    pub fn builder(&self) -> Builder {
        let mut builder = CircuitBreaker::builder("conformance")
            .window(self.window.parse::<Window>().expect("a valid window"))
            .tripper(self.tripper.parse::<Tripper>().expect("a valid tripper"))
            .retry(self.retry.parse::<Retry>().expect("a valid retry"))
            .permit(self.permit.parse::<Permit>().expect("a valid permit"))
            .random_seed(1);
        if let Some(calls) = self.max_half_open_calls {
            builder = builder.max_half_open_calls(calls);
        }
        builder
    }
}

/// Runs a breaker through the case and says what came of each event.
pub fn run(case: &Case) -> Vec<Happened> {
    run_observed(case, |builder| builder, |_| ())
}

/// The same with further settings, and with a look at the breaker after each start and end of an event.
pub fn run_observed(
    case: &Case,
    settings: impl FnOnce(Builder) -> Builder,
    look: impl FnMut(&CircuitBreaker),
) -> Vec<Happened> {
    let clock = ManualClock::new();
    let builder = settings(case.policy.builder().clock(clock.clone()));
    let mut driver = Driver {
        breaker: builder.build().expect("a valid policy"),
        clock,
        in_flight: BinaryHeap::new(),
        happened: vec![Happened::default(); case.events.len()],
        look,
    };
    for (index, event) in case.events.iter().enumerate() {
        driver.start(index, event);
    }
    driver.end_until(Duration::MAX);
    driver.happened
}

struct Driver<L> {
    clock: ManualClock,
    breaker: CircuitBreaker,
    in_flight: BinaryHeap<InFlight>,
    happened: Vec<Happened>,
    look: L,
}

struct InFlight {
    ends: Duration,
    index: usize,
    call: Call<'static>,
    ending: Ending,
}

impl<L: FnMut(&CircuitBreaker)> Driver<L> {
    fn start(&mut self, index: usize, event: &Event) {
        let at = Duration::from_secs_f64(event.at);
        self.end_until(at);
        self.clock.advance_to(at);
        match event.action {
            Action::Command { command } => {
                match command {
                    Command::Reset => self.breaker.reset(),
                    Command::Disable => self.breaker.disable(),
                    Command::MetricsOnly => self.breaker.metrics_only(),
                    Command::ForceOpen => self.breaker.force_open(),
                }
                self.observe(index);
            }
            Action::Call { call: ending, duration } => {
                let call = self.breaker.try_acquire_owned();
                self.happened[index].decision = Some(if call.is_ok() { "permitted" } else { "rejected" }.to_owned());
                match call {
                    Ok(call) => {
                        let ends = at + Duration::from_secs_f64(duration);
                        self.in_flight.push(InFlight { ends, index, call, ending });
                        (self.look)(&self.breaker);
                    }
                    Err(_) => self.observe(index),
                }
            }
        }
    }

    /// Ends the calls whose time has come by `limit`.
    fn end_until(&mut self, limit: Duration) {
        while self.in_flight.peek().is_some_and(|next| next.ends <= limit) {
            let Some(InFlight { ends, index, call, ending }) = self.in_flight.pop() else { return };
            self.clock.advance_to(ends);
            match ending {
                Ending::Ok => call.success(),
                Ending::Fail => call.failure(),
                Ending::Ignored => call.ignored(),
                Ending::Cancelled => drop(call),
            }
            self.observe(index);
        }
    }

    fn observe(&mut self, index: usize) {
        (self.look)(&self.breaker);
        let info = self.breaker.info();
        let happened = &mut self.happened[index];
        happened.state = info.state.to_string();
        happened.total = info.calls;
        happened.failures = info.failures;
    }
}

/// The heap gives the earliest end first, and of several the call that started first.
impl Ord for InFlight {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.ends, other.index).cmp(&(self.ends, self.index))
    }
}

impl PartialOrd for InFlight {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for InFlight {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for InFlight {}

impl Happened {
    fn agrees_with(&self, event: &Event) -> bool {
        self.decision == event.decision
            && self.state == event.state
            && event.total.is_none_or(|total| total == self.total)
            && event.failures.is_none_or(|failures| failures == self.failures)
    }
}

/// The first event of the case that came out differently, if any.
pub fn difference(case: &Case) -> Option<String> {
    let happened = run(case);
    let (index, (event, happened)) =
        case.events.iter().zip(&happened).enumerate().find(|(_, (event, happened))| !happened.agrees_with(event))?;
    Some(format!("{}, event {index} of {:?}:\n  expected {event:?}\n  got {happened:?}", case.name, case.policy))
}
