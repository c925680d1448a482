//! Ten thousand requests through the layer, to a real server that fails and recovers, from callers of whom many give up.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::Poll,
};

use axum::{Router, body::Bytes, http::StatusCode, routing::get};
use fastrand::Rng;
use fluxgate::{
    CircuitBreaker, CircuitBreakerLayer, Error, Listener, ManualClock, Signal, State, http::StatusClassifier,
    permits::All, trippers::Tripper,
};
use fluxgate_tests::{fixture::SECOND, server::serve};
use http::{Request, Response};
use http_body_util::Empty;
use hyper_util::{
    client::legacy::{Client, Error as ClientError},
    rt::TokioExecutor,
};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

type Asked = Request<Empty<Bytes>>;

const MAX_PROBES: u32 = 5;

/// What was seen between the breaker and the server.
#[derive(Default)]
struct Traffic {
    called: AtomicU64,
    abandoned: AtomicU64,
    in_flight: AtomicU64,
    peak: AtomicU64,
}

/// A call that the breaker has let through.
struct Passage {
    traffic: Arc<Traffic>,
    is_over: bool,
}

impl Passage {
    fn begin(traffic: &Arc<Traffic>) -> Self {
        traffic.called.fetch_add(1, SeqCst);
        let in_flight = traffic.in_flight.fetch_add(1, SeqCst) + 1;
        traffic.peak.fetch_max(in_flight, SeqCst);
        Self { traffic: Arc::clone(traffic), is_over: false }
    }

    fn end(mut self) {
        self.is_over = true;
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.traffic.in_flight.fetch_sub(1, SeqCst);
        self.traffic.abandoned.fetch_add(u64::from(!self.is_over), SeqCst);
    }
}

/// Has the breaker count how its calls end.
struct Counting;

impl Listener for Counting {
    fn on_transition(&self, _: &Signal) {}

    fn counts_calls(&self) -> bool {
        true
    }
}

/// How many polls a caller has patience for: most for as many as it takes, every fourth for none to three.
fn patience(caller: u64) -> Option<u64> {
    let mut random = Rng::with_seed(caller);
    (random.u8(..4) == 0).then(|| random.u64(..4))
}

/// Drops a future that is not done after so many polls.
async fn give_up_after<F: Future>(polls: Option<u64>, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(move |context| {
        if left == Some(0) {
            return Poll::Ready(None);
        }
        left = left.map(|left| left - 1);
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == Some(0) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
struct Answers {
    succeeded: u64,
    failed: u64,
    rejected: u64,
    /// Given up after the call.
    abandoned: u64,
    /// Given up while waiting for the service to be ready.
    never_called: u64,
}

impl Answers {
    fn add(&mut self, other: Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.rejected += other.rejected;
        self.abandoned += other.abandoned;
        self.never_called += other.never_called;
    }

    fn sum(self) -> u64 {
        self.succeeded + self.failed + self.rejected + self.abandoned + self.never_called
    }
}

async fn ask<S, B>(mut service: S, request: Asked, caller: u64) -> Answers
where
    S: Service<Asked, Response = Response<B>, Error = Error<ClientError>>,
{
    // Some lose their patience while the others are before them.
    let waits = patience(!caller).map(|polls| polls + 1);
    match give_up_after(waits, service.ready()).await {
        None => return Answers { never_called: 1, ..Answers::default() },
        Some(ready) => drop(ready.expect("the client is never broken")),
    }
    match give_up_after(patience(caller), service.call(request)).await {
        None => Answers { abandoned: 1, ..Answers::default() },
        Some(Ok(response)) if response.status() == StatusCode::OK => Answers { succeeded: 1, ..Answers::default() },
        Some(Ok(_)) => Answers { failed: 1, ..Answers::default() },
        Some(Err(Error::NotPermitted(_))) => Answers { rejected: 1, ..Answers::default() },
        Some(Err(error)) => panic!("{error:?}"),
    }
}

/// All these callers at once.
async fn crowd<S, B>(service: &S, uri: &str, callers: std::ops::Range<u64>) -> Answers
where
    S: Service<Asked, Response = Response<B>, Error = Error<ClientError>>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    let ask = |caller| {
        let request = Request::get(uri).body(Empty::new()).expect("a valid request");
        tokio::spawn(ask(service.clone(), request, caller))
    };
    let mut answers = Answers::default();
    for caller in callers.map(ask).collect::<Vec<_>>() {
        answers.add(caller.await.expect("no caller panics"));
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_lose_no_probe_and_send_none_too_many() {
    let is_down = Arc::new(AtomicBool::new(false));
    let answer = {
        let is_down = Arc::clone(&is_down);
        move || async move { if is_down.load(SeqCst) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK } }
    };
    let uri = format!("http://{}/", serve(Router::new().route("/", get(answer))));

    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("traffic")
        .tripper("MinRequests(100) & FailureRate(0.5) | HalfOpened() & FailureStreak(3)".parse::<Tripper>().unwrap())
        .permit(All())
        .max_half_open_calls(MAX_PROBES)
        .listener(Counting)
        .clock(clock.clone())
        .build()
        .unwrap();
    let traffic = Arc::new(Traffic::default());
    let client = Client::builder(TokioExecutor::new()).build_http();
    let watched = {
        let traffic = Arc::clone(&traffic);
        service_fn(move |request| {
            let (passage, response) = (Passage::begin(&traffic), client.request(request));
            async move {
                let response = response.await;
                passage.end();
                response
            }
        })
    };
    let service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(&breaker).classifier(StatusClassifier::new()))
        .concurrency_limit(64)
        .service(watched);

    let mut sum = crowd(&service, &uri, 0..2_000).await;
    assert_eq!((breaker.info().state, sum.failed, sum.rejected), (State::Closed, 0, 0));
    assert!(sum.succeeded > 1_000 && sum.abandoned > 100 && sum.never_called > 10, "{sum:?}");

    is_down.store(true, SeqCst);
    let outage = crowd(&service, &uri, 2_000..5_000).await;
    assert_eq!((breaker.info().state, outage.succeeded), (State::Open, 0));
    assert!(outage.rejected > 1_000 && outage.failed < 300, "{outage:?}");
    sum.add(outage);

    for round in 0..20 {
        clock.advance(60 * SECOND);
        traffic.peak.store(0, SeqCst);
        let first = 5_000 + round * 100;
        let probing = crowd(&service, &uri, first..first + 100).await;
        let peak = traffic.peak.load(SeqCst);
        assert!((1..=u64::from(MAX_PROBES)).contains(&peak), "{peak} probes at a time");
        assert_eq!((breaker.info().probes_in_flight, probing.succeeded), (0, 0), "round {round}");
        assert_ne!(breaker.info().state, State::Closed);
        sum.add(probing);
    }

    is_down.store(false, SeqCst);
    clock.advance(60 * SECOND);
    for first in (7_000..8_000).step_by(100) {
        sum.add(crowd(&service, &uri, first..first + 100).await);
    }
    let recovered = crowd(&service, &uri, 8_000..10_000).await;
    assert_eq!((recovered.failed, recovered.rejected), (0, 0));
    sum.add(recovered);
    let info = breaker.info();
    assert_eq!((info.state, info.probes_in_flight), (State::Closed, 0));

    let totals = breaker.totals().expect("a listener asks for them");
    let (called, abandoned) = (traffic.called.load(SeqCst), traffic.abandoned.load(SeqCst));
    assert_eq!((sum.sum(), traffic.in_flight.load(SeqCst)), (10_000, 0));
    assert_eq!((totals.successes, totals.failures, totals.ignored), (sum.succeeded, sum.failed, abandoned));
    assert_eq!(called, totals.successes + totals.failures + totals.ignored);
    assert_eq!(called + totals.rejected, 10_000 - sum.never_called);
    assert_eq!(totals.rejected, info.rejected);
}
