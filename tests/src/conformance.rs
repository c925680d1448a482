//! The conformance lists, and what comes of a breaker that is driven through one of their cases.

use std::time::Duration;

use flate2::read::GzDecoder;
use fluxgate::{Builder, CircuitBreaker, ManualClock, Permit, Retry, Tripper, Window};
use fluxgate_replay::{
    driver::{Decision, Observer, drive},
    trace::{self, Outcome, Row},
};
use serde::{Deserialize, Serialize};

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
    pub max_failed_probes: Option<u32>,
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named as in the lists")]
pub enum Ending {
    Ok,
    Fail,
    Ignored,
    Cancelled,
}

/// What an operator does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
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
        if let Some(limit) = self.max_failed_probes {
            builder = builder.max_failed_probes(limit);
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
    let breaker = builder.build().expect("a valid policy");
    let rows: Vec<_> = case.events.iter().map(Event::row).collect();
    let mut watch = Watch { breaker: &breaker, happened: vec![Happened::default(); rows.len()], look };
    drive(&breaker, &clock, &rows, &mut watch);
    watch.happened
}

struct Watch<'b, L> {
    breaker: &'b CircuitBreaker,
    happened: Vec<Happened>,
    look: L,
}

impl<L: FnMut(&CircuitBreaker)> Observer for Watch<'_, L> {
    fn decided(&mut self, index: usize, decision: Decision) {
        self.happened[index].decision = (decision != Decision::Command).then(|| decision.as_str().to_owned());
        (self.look)(self.breaker);
    }

    fn ended(&mut self, index: usize) {
        (self.look)(self.breaker);
        let info = self.breaker.info();
        let happened = &mut self.happened[index];
        happened.state = info.state.to_string();
        happened.total = info.calls;
        happened.failures = info.failures;
    }
}

impl Event {
    /// The event as a row of a trace.
    pub fn row(&self) -> Row {
        let event = match self.action {
            Action::Command { command } => trace::Event::Command(match command {
                Command::Reset => trace::Command::Reset,
                Command::Disable => trace::Command::Disable,
                Command::MetricsOnly => trace::Command::MetricsOnly,
                Command::ForceOpen => trace::Command::ForceOpen,
            }),
            Action::Call { call, duration } => {
                let outcome = match call {
                    Ending::Ok => Outcome::Ok,
                    Ending::Fail => Outcome::Fail,
                    Ending::Ignored => Outcome::Ignored,
                    Ending::Cancelled => Outcome::Cancelled,
                };
                trace::Event::Call { outcome, duration: Duration::from_secs_f64(duration) }
            }
        };
        Row { at: Duration::from_secs_f64(self.at), event }
    }
}

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
