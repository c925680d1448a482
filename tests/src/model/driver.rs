//! Drives the real breaker and the model side by side.

use std::{
    cell::Cell,
    collections::VecDeque,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use fluxgate::{Call, CircuitBreaker, ManualClock, Reason, Signal, State, trackers};

use super::{
    Nanos, SECOND,
    breaker::{Chance, Model, Ticket, Told, Why},
    figures::Figures,
    policy::{Permit, Policy},
    step::{End, Jump, Order, Step, Way},
    trace::Trace,
};
use crate::fixture::Recorder;

/// More calls than that are not in flight at a time.
const MOST_IN_FLIGHT: usize = 12;

/// Runs a breaker with this policy and the model of it through these steps. Gives the transitions that both made.
///
/// # Errors
///
/// The first difference between the two, with the policy and the trace up to there as `replay` takes them.
pub fn run(policy: &Policy, steps: impl IntoIterator<Item = Step>) -> Result<Vec<(State, State)>, String> {
    let mut driver = Driver::new(policy);
    // Only the tests above see what a panic says, so an assertion of the model is a difference like any other.
    let difference = catch_unwind(AssertUnwindSafe(|| {
        steps.into_iter().try_for_each(|step| driver.step(step).map_err(|error| format!("{step:?}: {error}")))?;
        driver.finish()
    }));
    let difference = match difference {
        Ok(Ok(())) => {
            let signals = driver.recorder.signals();
            return Ok(signals.iter().map(|signal| (signal.old_state(), signal.new_state())).collect());
        }
        Ok(Err(difference)) => difference,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
        }
    };
    let trace = &driver.trace;
    Err(format!(
        "{difference}\n\nPolicy: {policy}\n  max_probe_time {:?} ns, cancelled {:?}, user code {}\nShadow mode: {}\nTrace:\n{}",
        policy.max_probe_time,
        policy.cancelled,
        policy.asks_user_code,
        trace.switches(),
        trace.csv()
    ))
}

struct Driver<'p> {
    policy: &'p Policy,
    breaker: CircuitBreaker,
    clock: ManualClock,
    recorder: Recorder,
    /// How many signals have been compared.
    heard: usize,
    model: Model<'p>,
    now: Nanos,
    in_flight: Vec<InFlight>,
    trace: Trace,
}

struct InFlight {
    call: Running,
    ticket: Ticket,
    row: usize,
}

/// A call in flight, as the real breaker knows it.
enum Running {
    ByHand(Call<'static>),
    Async { call: Guarded, end: Rc<Cell<Option<End>>> },
}

type Guarded = Pin<Box<dyn Future<Output = Result<(), fluxgate::Error<bool>>>>>;

/// What the real breaker did in a step.
struct Drawn {
    admitted: bool,
    waits: VecDeque<Option<Nanos>>,
}

impl Chance for Drawn {
    fn admitted(&mut self) -> bool {
        self.admitted
    }

    fn wait(&mut self) -> Option<Nanos> {
        self.waits.pop_front().flatten()
    }
}

/// What a call returns that ends so: the error says whether it is tracked.
fn returned(end: End) -> Result<(), bool> {
    match end {
        End::Success => Ok(()),
        End::Failure => Err(true),
        End::Ignored => Err(false),
        // Without the hook, which would print it.
        End::Panic | End::Cancelled => resume_unwind(Box::new("a panic of the call")),
    }
}

impl<'p> Driver<'p> {
    fn new(policy: &'p Policy) -> Self {
        let (clock, recorder) = (ManualClock::new(), Recorder::default());
        let breaker = policy
            .builder()
            .tracker(trackers::Custom(|tracked: &bool| *tracked))
            .clock(clock.clone())
            .listener(recorder.clone())
            .random_seed(1)
            .build()
            .expect("a valid policy");
        let (model, trace) = (Model::new(policy), Trace::default());
        Self { policy, breaker, clock, recorder, heard: 0, model, now: 0, in_flight: Vec::new(), trace }
    }

    fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Call { end, takes } => self.call(end, takes)?,
            Step::Nested { outer, inner, takes } => self.nested(outer, inner, takes)?,
            Step::Begin(way) => self.begin(way)?,
            Step::End(which, end) if !self.in_flight.is_empty() => {
                let flight = self.in_flight.swap_remove(which % self.in_flight.len());
                self.end(flight, end);
            }
            Step::Forget(which) if !self.in_flight.is_empty() => {
                std::mem::forget(self.in_flight.swap_remove(which % self.in_flight.len()).call);
            }
            Step::Pass(jump) => self.pass(self.nanos(jump)),
            Step::Order(order) => self.order(order),
            Step::Shadow(shadow) => {
                self.trace.shadow(self.now, shadow);
                self.breaker.set_shadow(shadow);
                self.model.shadow = shadow;
            }
            Step::Look => self.look()?,
            Step::End(..) | Step::Forget(_) => {}
        }
        self.compare_signals()
    }

    /// Whatever is still in flight is dropped, and nothing remains.
    fn finish(&mut self) -> Result<(), String> {
        while let Some(flight) = self.in_flight.pop() {
            self.end(flight, End::Cancelled);
        }
        self.compare_signals()?;
        self.look()
    }

    fn pass(&mut self, by: Nanos) {
        self.clock.advance(Duration::from_nanos(by));
        self.now = self.now.saturating_add(by);
    }

    fn nanos(&self, jump: Jump) -> Nanos {
        let near = |time: Nanos, offset: i8| time.saturating_add_signed(offset.into()).saturating_sub(self.now);
        match jump {
            Jump::By(nanos) => nanos,
            Jump::Second(offset) => near((self.now / SECOND + 1).saturating_mul(SECOND), offset),
            Jump::Due(offset) => self.model.due.map_or(SECOND, |due| near(due, offset)),
            Jump::Hung(offset) => {
                let hung = self.model.oldest_probe().zip(self.policy.max_probe_time);
                hung.map_or(SECOND / 4, |(started, limit)| near(started.saturating_add(limit), offset))
            }
        }
    }

    /// A call that is made and ends before anything else happens, but time.
    fn call(&mut self, end: End, takes: Nanos) -> Result<(), String> {
        let (start, row) = (self.now, self.trace.begin(self.now));
        let before = self.passed_in_shadow();
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.breaker.call(|| {
                self.clock.advance(Duration::from_nanos(takes));
                returned(end)
            })
        }));
        let permitted = !matches!(result, Ok(Err(fluxgate::Error::NotPermitted(_))));
        let mut drawn = self.drawn(permitted, before);
        let ticket = self.model.admit(start, &mut drawn);
        self.compare("permitted", permitted, ticket.is_some())?;
        self.now = if permitted { start.saturating_add(takes) } else { start };
        self.trace.end(row, end, start.saturating_add(takes));
        if let Some(ticket) = ticket {
            self.model.end(ticket, end, self.now, &mut drawn);
        }
        Ok(())
    }

    /// A call whose code makes another one, which ends before it.
    fn nested(&mut self, outer: End, inner: End, takes: Nanos) -> Result<(), String> {
        let start = self.now;
        let before = self.passed_in_shadow();
        let mut between = None;
        let call = |end: End| {
            catch_unwind(AssertUnwindSafe(|| {
                self.breaker.call(|| {
                    self.clock.advance(Duration::from_nanos(takes));
                    returned(end)
                })
            }))
        };
        let is_permitted = |result: &std::thread::Result<Result<(), fluxgate::Error<bool>>>| {
            !matches!(result, Ok(Err(fluxgate::Error::NotPermitted(_))))
        };
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.breaker.call(|| {
                let before = self.passed_in_shadow();
                let permitted = is_permitted(&call(inner));
                between = Some((before, permitted, self.passed_in_shadow()));
                returned(outer)
            })
        }));
        let mut drawn = self.drawn(is_permitted(&result), None);
        drawn.admitted &= between.is_none_or(|(before_inner, ..)| before_inner == before);
        let outer_ticket = self.model.admit(start, &mut drawn);
        self.compare("permitted outside", is_permitted(&result), outer_ticket.is_some())?;
        let (Some(ticket), Some((before, permitted, after))) = (outer_ticket, between) else { return Ok(()) };
        drawn.admitted = permitted && after == before;
        let inner_ticket = self.model.admit_inside(ticket, start, &mut drawn);
        self.compare("permitted inside", permitted, inner_ticket.is_some())?;
        self.now = if permitted { start.saturating_add(takes) } else { start };
        if let Some(inner_ticket) = inner_ticket {
            self.model.end(inner_ticket, inner, self.now, &mut drawn);
        }
        self.model.end(ticket, outer, self.now, &mut drawn);
        Ok(())
    }

    fn begin(&mut self, way: Way) -> Result<(), String> {
        if self.in_flight.len() == MOST_IN_FLIGHT {
            return Ok(());
        }
        let row = self.trace.begin(self.now);
        let before = self.passed_in_shadow();
        let call = match way {
            Way::ByHand => self.breaker.try_acquire_owned().ok().map(Running::ByHand),
            Way::Async => {
                let end = Rc::new(Cell::new(None));
                let mut call = guarded(self.breaker.clone(), Rc::clone(&end));
                let pending = call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
                pending.then_some(Running::Async { call, end })
            }
        };
        let mut drawn = self.drawn(call.is_some(), before);
        let ticket = self.model.admit(self.now, &mut drawn);
        self.compare("permitted", call.is_some(), ticket.is_some())?;
        match call.zip(ticket) {
            Some((call, ticket)) => self.in_flight.push(InFlight { call, ticket, row }),
            None => self.trace.end(row, End::Success, self.now),
        }
        Ok(())
    }

    fn end(&mut self, flight: InFlight, end: End) {
        self.trace.end(flight.row, end, self.now);
        match flight.call {
            Running::ByHand(call) => match end {
                End::Success => call.success(),
                End::Failure => call.failure(),
                End::Ignored => call.record(&Err::<(), _>(false)),
                End::Cancelled => drop(call),
                End::Panic => {
                    let unwound = catch_unwind(AssertUnwindSafe(|| {
                        let _held = call;
                        returned(end)
                    }));
                    assert!(unwound.is_err());
                }
            },
            Running::Async { call, .. } if end == End::Cancelled => drop(call),
            Running::Async { mut call, end: told } => {
                told.set(Some(end));
                let done = catch_unwind(AssertUnwindSafe(|| {
                    call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
                }));
                assert_eq!(done.ok(), (end != End::Panic).then_some(true));
            }
        }
        let mut drawn = self.drawn(true, None);
        self.model.end(flight.ticket, end, self.now, &mut drawn);
    }

    fn order(&mut self, order: Order) {
        self.trace.command(self.now, order);
        match order {
            Order::Reset => self.breaker.reset(),
            Order::Disable => self.breaker.disable(),
            Order::MetricsOnly => self.breaker.metrics_only(),
            Order::ForceOpen => self.breaker.force_open(),
        }
        let mut drawn = self.drawn(true, None);
        self.model.command(order, self.now, &mut drawn);
    }

    /// In shadow mode a caller can't see whether its call was a probe, but the breaker counts those that were not.
    fn passed_in_shadow(&self) -> Option<u64> {
        let by_chance = !matches!(self.policy.permit, Permit::All);
        (self.model.shadow && by_chance).then(|| self.breaker.info().would_have_been_rejected)
    }

    fn drawn(&self, permitted: bool, before: Option<u64>) -> Drawn {
        let passed = before.is_some_and(|before| self.breaker.info().would_have_been_rejected > before);
        let signals = self.recorder.signals_from(self.heard);
        let waits = signals.iter().filter(|signal| signal.new_state() == State::Open);
        let waits = waits.map(|signal| signal.retry_after().map(nanos)).collect();
        Drawn { admitted: permitted && !passed, waits }
    }

    fn compare_signals(&mut self) -> Result<(), String> {
        let heard: Vec<_> = self.recorder.signals_from(self.heard).iter().map(|signal| self.heard(signal)).collect();
        self.heard += heard.len();
        let told = self.model.told();
        if heard == told { Ok(()) } else { Err(format!("the breaker told {heard:#?}\nthe model {told:#?}")) }
    }

    fn heard(&self, signal: &Signal) -> Told {
        let metrics = signal.metrics();
        Told {
            old: signal.old_state(),
            new: signal.new_state(),
            why: match signal.reason() {
                Reason::Tripped(tripped) => {
                    let mut clauses: Vec<_> =
                        tripped.clauses().iter().map(|clause| clause.clause().to_owned()).collect();
                    if self.policy.asks_user_code {
                        assert!(clauses.pop().is_some_and(|clause| clause.starts_with("Custom(")));
                    }
                    if let Some(abandoned) = clauses.first_mut().filter(|clause| clause.starts_with("max_probe_time("))
                    {
                        "max_probe_time".clone_into(abandoned);
                    }
                    Why::Tripped(clauses)
                }
                Reason::RetryDue => Why::RetryDue,
                Reason::Recovered => Why::Recovered,
                Reason::ProbesFailed { limit } => Why::ProbesFailed(*limit),
                Reason::ProbesIgnored { limit } => Why::ProbesIgnored(*limit),
                Reason::Command { .. } => Why::Command,
                other => panic!("an unknown reason: {other:?}"),
            },
            at: nanos(signal.at().duration_since(SystemTime::UNIX_EPOCH).expect("the wall time of a manual clock")),
            reopens: signal.reopens(),
            figures: Figures {
                calls: metrics.calls(),
                failures: metrics.failures(),
                failure_rate: metrics.failure_rate(),
                slow_rates: metrics.slow_rates().collect(),
                mean: metrics.mean_latency(),
            },
            retry_after: signal.retry_after().map(nanos),
            shadow: signal.shadow(),
        }
    }

    /// Every figure of the one beside that of the other.
    fn look(&mut self) -> Result<(), String> {
        let (info, now) = (self.breaker.info(), self.now);
        let figures = self.model.figures(now);
        let model = &self.model;
        self.compare("state", info.state, model.state)?;
        self.compare("in_state_for", nanos(info.in_state_for), now - model.since)?;
        self.compare("reopens", info.reopens, model.reopens)?;
        self.compare("consecutive_failures", info.consecutive_failures, model.streak)?;
        self.compare("calls", info.calls, figures.calls)?;
        self.compare("failures", info.failures, figures.failures)?;
        self.compare("failure_rate", info.failure_rate, figures.failure_rate)?;
        self.compare("slow_rates", info.slow_rates, figures.slow_rates)?;
        self.compare("mean_latency", info.mean_latency, figures.mean)?;
        self.compare("probes_in_flight", info.probes_in_flight, model.probes_in_flight())?;
        self.compare("retry_after", info.retry_after.map(nanos), model.retry_after(now))?;
        self.compare("rejected", info.rejected, model.rejected)?;
        self.compare("would_have_been_rejected", info.would_have_been_rejected, model.would_have_been_rejected)?;
        self.compare("shadow", info.shadow, model.shadow)
    }

    #[allow(clippy::needless_pass_by_value, clippy::unused_self, reason = "reads as a list")]
    fn compare<T: PartialEq + std::fmt::Debug>(&self, what: &str, breaker: T, model: T) -> Result<(), String> {
        if breaker == model { Ok(()) } else { Err(format!("{what}: the breaker has {breaker:?}, the model {model:?}")) }
    }
}

fn guarded(breaker: CircuitBreaker, end: Rc<Cell<Option<End>>>) -> Guarded {
    let work = poll_fn(move |_| end.take().map_or(Poll::Pending, |end| Poll::Ready(returned(end))));
    Box::pin(async move { breaker.call_async(work).await })
}

fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).expect("on the breaker's clock")
}
