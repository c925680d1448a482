//! Load: breakers, tasks that call through them, and outages; watched all the time, and counted at the end.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use fastrand::Rng;
use fluxgate::{CircuitBreaker, Listener, Signal, State, Tripper, permits::RampUp, retries::Cooldown};
use tokio::time::{sleep, timeout};

const MOST_PROBES: u32 = 5;
/// The time that callers wait for an answer.
const PATIENCE: Duration = Duration::from_millis(150);
const BETWEEN_OUTAGES: Duration = Duration::from_secs(2);
const OUTAGE: Duration = Duration::from_millis(1_500);

/// The load and its duration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) breakers: usize,
    pub(crate) tasks: usize,
    pub(crate) lasting: Duration,
}

/// The result of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) calls: u64,
    pub(crate) rejected: u64,
    pub(crate) transitions: u64,
    pub(crate) outages: u64,
    /// Resident memory in bytes once all was running, and at the end, where the system tells.
    pub(crate) memory: Option<(u64, u64)>,
    /// The first violations.
    pub(crate) violations: Vec<String>,
}

/// A service, and the breaker before it.
struct Guarded {
    breaker: CircuitBreaker,
    path: Arc<Mutex<Path>>,
    health: AtomicUsize,
    /// Calls by the answer that the caller had.
    admitted: AtomicU64,
    rejected: AtomicU64,
}

const WELL: usize = 0;
const FAILING: usize = 1;
const HANGING: usize = 2;

/// The transitions that a listener hears of.
struct Path {
    at: State,
    reopens: u64,
    transitions: u64,
    wrong: Option<String>,
}

#[derive(Clone)]
struct Follows(Arc<Mutex<Path>>);

impl Listener for Follows {
    fn on_transition(&self, signal: &Signal) {
        let mut path = self.0.lock().expect("nothing panics with it");
        if signal.old_state() != path.at || signal.new_state() == path.at {
            path.wrong = Some(format!("{signal:?} from {}", path.at));
        }
        path.at = signal.new_state();
        path.transitions += 1;
        path.reopens = match (signal.old_state(), signal.new_state()) {
            (_, State::Closed) => 0,
            (State::HalfOpen, State::Open) => path.reopens + 1,
            _ => path.reopens,
        };
        if signal.reopens() != path.reopens {
            path.wrong = Some(format!("{} reopenings in {signal:?}", path.reopens));
        }
    }

    fn counts_calls(&self) -> bool {
        true
    }
}

impl Guarded {
    fn new(index: usize) -> Self {
        let path = Path { at: State::Closed, reopens: 0, transitions: 0, wrong: None };
        let path = Arc::new(Mutex::new(path));
        let tripper: Tripper = "FailureStreak(10) | MinRequests(10) & FailureRate(0.5)".parse().expect("a tripper");
        let breaker = CircuitBreaker::builder(format!("service {index}"))
            .tripper(tripper)
            .retry(Cooldown(0.4).jitter_ratio(0.2))
            .permit(RampUp(0.1, 1.0, 0.4))
            .max_half_open_calls(MOST_PROBES)
            .max_probe_time(1)
            .cancelled(0.1)
            .listener(Follows(Arc::clone(&path)))
            .build()
            .expect("a valid policy");
        let (health, admitted, rejected) = (AtomicUsize::new(WELL), AtomicU64::new(0), AtomicU64::new(0));
        Self { breaker, path, health, admitted, rejected }
    }

    /// One call, of the sort that this number says.
    async fn call(&self, number: u64) {
        let answered = match number % 16 {
            0 => self.by_hand(number).await,
            1 => self.blocking(number),
            _ => self.guarded().await,
        };
        let count = if answered { &self.admitted } else { &self.rejected };
        count.fetch_add(1, Ordering::Relaxed);
    }

    async fn guarded(&self) -> bool {
        let service = async {
            match self.health.load(Ordering::Relaxed) {
                WELL => Ok(()),
                FAILING => Err("down"),
                _ => std::future::pending().await,
            }
        };
        let call = timeout(PATIENCE, self.breaker.call_async(service)).await;
        !matches!(call, Ok(Err(fluxgate::Error::NotPermitted(_))))
    }

    async fn by_hand(&self, number: u64) -> bool {
        let Ok(call) = self.breaker.try_acquire() else { return false };
        sleep(Duration::from_millis(number / 16 % 8)).await;
        match (self.health.load(Ordering::Relaxed), number / 128 % 8) {
            (_, 0) => drop(call),
            (_, 1) => call.ignored(),
            (WELL, _) => call.success(),
            _ => call.failure(),
        }
        true
    }

    /// A sync call, which now and then panics.
    fn blocking(&self, number: u64) -> bool {
        let work = || match (self.health.load(Ordering::Relaxed), number / 16 % 64) {
            // Without the hook, which would print it.
            (_, 0) => resume_unwind(Box::new("a panic of the call")),
            (WELL, _) => Ok(()),
            _ => Err("down"),
        };
        match catch_unwind(AssertUnwindSafe(|| self.breaker.call(work))) {
            Ok(answer) => !matches!(answer, Err(fluxgate::Error::NotPermitted(_))),
            Err(_) => true,
        }
    }

    /// Checks what holds at any moment.
    fn watch(&self) -> Option<String> {
        let info = self.breaker.info();
        let sound = info.probes_in_flight <= MOST_PROBES as usize
            && (info.probes_in_flight == 0 || info.state == State::HalfOpen)
            && info.failures <= info.calls
            && info.calls <= 100
            && (info.reopens == 0 || info.state != State::Closed);
        (!sound).then(|| format!("{info:?}"))
    }

    /// Checks what holds once nothing runs any more and the service has been well for a while.
    fn settled(&self) -> Option<String> {
        let (info, totals) = (self.breaker.info(), self.breaker.totals().expect("its listener counts calls"));
        let path = self.path.lock().expect("nothing panics with it");
        let ended = totals.successes + totals.failures + totals.ignored;
        let (admitted, rejected) = (self.admitted.load(Ordering::Relaxed), self.rejected.load(Ordering::Relaxed));
        let sound = info.state == State::Closed
            && info.probes_in_flight == 0
            && path.at == State::Closed
            && (ended, totals.rejected) == (admitted, rejected);
        let wrong = (!sound).then(|| format!("{info:?}, {totals:?}, {admitted} admitted, {rejected} rejected"));
        path.wrong.clone().or(wrong)
    }
}

/// Makes the load.
pub(crate) async fn run(plan: Plan) -> Report {
    let known = fluxgate::registry().len();
    let services: Arc<[Guarded]> = (0..plan.breakers).map(Guarded::new).collect();
    let over = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..plan.tasks)
        .map(|task| tokio::spawn(call_until(Arc::clone(&services), Arc::clone(&over), task as u64)))
        .collect();
    let mut report = outages(&services, plan.lasting).await;

    over.store(true, Ordering::Relaxed);
    for task in tasks {
        if let Err(error) = task.await {
            report.violations.push(error.to_string());
        }
    }
    recover(&services).await;
    for service in services.iter() {
        report.violations.extend(service.settled());
        report.calls += service.admitted.load(Ordering::Relaxed);
        report.rejected += service.rejected.load(Ordering::Relaxed);
        report.transitions += service.path.lock().expect("nothing panics with it").transitions;
    }
    if fluxgate::registry().len() != known + plan.breakers {
        report.violations.push("the registry does not list each breaker once".to_owned());
    }
    drop(services);
    if fluxgate::registry().len() != known {
        report.violations.push("the registry lists breakers that are gone".to_owned());
    }
    report.check_memory();
    report.violations.truncate(10);
    report
}

/// Calls one service after the other, with pauses.
async fn call_until(services: Arc<[Guarded]>, over: Arc<AtomicBool>, task: u64) {
    let mut random = Rng::with_seed(task);
    while !over.load(Ordering::Relaxed) {
        services[random.usize(..services.len())].call(random.u64(..)).await;
        sleep(Duration::from_millis(random.u64(150..406))).await;
    }
}

/// A third of the services is out every few seconds, failing or hanging; and all are watched all the time.
async fn outages(services: &[Guarded], lasting: Duration) -> Report {
    let (start, mut report) = (Instant::now(), Report::default());
    let mut next = BETWEEN_OUTAGES / 2;
    let mut ends = None;
    while start.elapsed() < lasting {
        sleep(Duration::from_millis(100)).await;
        report.violations.extend(services.iter().filter_map(Guarded::watch));
        report.violations.truncate(10);
        if ends.is_some_and(|ends| start.elapsed() >= ends) {
            all_well(services);
            ends = None;
        }
        if start.elapsed() >= next {
            report.outages += 1;
            let kind = if report.outages.is_multiple_of(2) { HANGING } else { FAILING };
            let third = usize::try_from(report.outages % 3).unwrap_or_default();
            for service in services.iter().skip(third).step_by(3) {
                service.health.store(kind, Ordering::Relaxed);
            }
            ends = Some(start.elapsed() + OUTAGE);
            next += BETWEEN_OUTAGES;
        }
        // Once every part of it has been at work.
        if report.memory.is_none() && (start.elapsed() * 2 >= lasting || start.elapsed() > Duration::from_secs(30)) {
            report.memory = resident().map(|resident| (resident, 0));
        }
    }
    // While all of it still runs, as it did then.
    report.memory = report.memory.map(|(before, _)| (before, resident().unwrap_or_default()));
    all_well(services);
    report
}

fn all_well(services: &[Guarded]) {
    for service in services {
        service.health.store(WELL, Ordering::Relaxed);
    }
}

/// Calls every service, now that it is well, until its breaker knows; or for so long that it never will.
async fn recover(services: &[Guarded]) {
    for _ in 0..600 {
        let unwell = || services.iter().filter(|service| service.breaker.info().state != State::Closed);
        if unwell().count() == 0 {
            return;
        }
        for service in unwell() {
            service.call(2).await;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// The resident memory of this process, where `/proc` tells.
fn resident() -> Option<u64> {
    const PAGE: u64 = 4_096;
    let statistics = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statistics.split_whitespace().nth(1)?.parse::<u64>().ok()? * PAGE)
}

impl Report {
    fn check_memory(&mut self) {
        // What the allocator keeps goes up and down by a few megabytes.
        const SLACK: u64 = 16 << 20;
        if let Some((before, after)) = self.memory
            && after > before + before / 10 + SLACK
        {
            self.violations.push(format!("memory has grown from {before} to {after} bytes"));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, rejected, transitions, outages, .. } = self;
        writeln!(formatter, "{calls} calls admitted, {rejected} rejected, in {outages} outages")?;
        writeln!(formatter, "{transitions} transitions, each where the one before it had led")?;
        if let Some((before, after)) = self.memory {
            let megabytes = |bytes: u64| bytes >> 20;
            writeln!(formatter, "memory: {} MiB once all ran, {} MiB at the end", megabytes(before), megabytes(after))?;
        }
        match &self.violations[..] {
            [] => write!(formatter, "nothing was lost, stuck or counted twice"),
            violations => write!(formatter, "VIOLATED:\n{}", violations.join("\n")),
        }
    }
}
