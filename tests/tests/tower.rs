//! The layer, and the contract of the services that it makes.

use std::{
    future::{Future, pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use fluxgate::{
    Builder, CallNotPermitted, Cancelled, CircuitBreaker, CircuitBreakerLayer, Error, ManualClock, Outcome, State,
    permits::{All, Random},
    tower::{ByTracker, CircuitBreakerService, Classifier, Typed},
    trackers::Custom,
};
use fluxgate_tests::fixture::{Down, SECOND, breaker, breaker_with, fail, state, succeed};
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt, buffer::Buffer, limit::ConcurrencyLimit, retry, service_fn,
};
use tower_test::{
    assert_request_eq,
    mock::{Handle, Mock, Spawn, spawn_with},
};

type Guarded<S> = CircuitBreakerService<S, ByTracker, Typed>;
type GuardedMock = Spawn<Guarded<Mock<&'static str, u32>>>;

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn poll_ready<S: Service<&'static str>>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}

/// A guarded mock, and what plays the service behind it.
fn mock(breaker: &CircuitBreaker) -> (GuardedMock, Handle<&'static str, u32>) {
    spawn_with(|inner| CircuitBreakerLayer::new(breaker).layer(inner))
}

fn half_open(settings: impl FnOnce(Builder) -> Builder) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) =
        breaker_with("FailureStreak(1)", |builder| settings(builder.permit(All()).max_half_open_calls(1)));
    fail(&breaker);
    clock.advance(60 * SECOND);
    (breaker, clock)
}

fn rejection<T: std::fmt::Debug, E: std::fmt::Debug>(answer: Poll<Result<T, Error<E>>>) -> CallNotPermitted {
    match answer {
        Poll::Ready(Err(Error::NotPermitted(rejection))) => rejection,
        answer => panic!("no rejection: {answer:?}"),
    }
}

#[tokio::test]
async fn responses_and_errors_are_handed_on_and_recorded() {
    let (breaker, _) = breaker("FailureStreak(2)");
    let (mut service, mut handle) = mock(&breaker);
    assert!(service.poll_ready().is_ready());
    let response = service.call("one");
    assert_request_eq!(handle, "one").send_response(1);
    assert_eq!(response.await.unwrap(), 1);

    for _ in 0..2 {
        assert!(service.poll_ready().is_ready());
        let response = service.call("two");
        assert_request_eq!(handle, "two").send_error(Down);
        let Err(Error::Inner(error)) = response.await else { panic!("not handed on") };
        assert!(error.is::<Down>());
    }
    assert_eq!(state(&breaker), State::Open);
}

#[tokio::test]
async fn while_the_breaker_rejects_callers_learn_of_it_without_waiting_for_the_inner_service() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let (mut service, mut handle) = mock(&breaker);
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    fail(&breaker);
    assert!(service.poll_ready().is_ready());
    let rejection = rejection(Poll::Ready(service.call("one").await));
    assert_eq!((rejection.state(), rejection.retry_after()), (State::Open, Some(60 * SECOND)));
    assert_eq!(breaker.info().rejected, 1);
    let mut request = pin!(handle.next_request());
    assert!(poll_once(request.as_mut()).is_pending(), "the inner service was called");
}

#[test]
fn a_caller_that_waits_for_the_inner_service_is_woken_by_it() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let (mut service, mut handle) = mock(&breaker);
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    assert!(!service.is_woken());
    handle.allow(1);
    assert!(service.is_woken());
    assert!(service.poll_ready().is_ready());
}

/// Reserves a place for each call in `poll_ready`, and knows how often it was asked.
#[derive(Default)]
struct Reserving {
    asked: usize,
    is_reserved: bool,
    called: usize,
}

impl Service<&'static str> for Reserving {
    type Response = u32;
    type Error = Down;
    type Future = std::future::Ready<Result<u32, Down>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Down>> {
        assert!(!self.is_reserved, "reserved twice");
        self.asked += 1;
        self.is_reserved = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: &'static str) -> Self::Future {
        assert!(std::mem::take(&mut self.is_reserved), "called without a place");
        self.called += 1;
        ready(Ok(7))
    }
}

#[test]
fn a_rejection_loses_nothing_that_the_inner_service_has_reserved() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let mut service = CircuitBreakerLayer::new(&breaker).layer(Reserving::default());
    for _ in 0..3 {
        breaker.reset();
        assert!(poll_ready(&mut service).is_ready());
        breaker.force_open();
        rejection(poll_once(pin!(service.call("one"))));
    }
    assert_eq!((service.get_ref().asked, service.get_ref().called), (1, 0));
    breaker.reset();
    assert!(poll_ready(&mut service).is_ready());
    assert_eq!(poll_once(pin!(service.call("one"))), Poll::Ready(Ok(7)));
    assert!(poll_ready(&mut service).is_ready());
    assert_eq!((service.get_ref().asked, service.get_ref().called), (2, 1));
}

#[tokio::test]
async fn an_inner_service_that_is_not_ready_is_not_called_when_a_retry_falls_due_in_between() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(All()));
    let (mut service, mut handle) = mock(&breaker);
    handle.allow(0);
    fail(&breaker);
    assert!(service.poll_ready().is_ready());
    clock.advance(60 * SECOND);
    assert!(service.poll_ready().is_ready(), "what was ready stays ready");
    let rejection = rejection(Poll::Ready(service.call("one").await));
    assert_eq!((rejection.state(), rejection.retry_after()), (State::Open, Some(Duration::ZERO)));
    assert_eq!((state(&breaker), breaker.info().rejected), (State::Open, 1));

    assert!(service.poll_ready().is_pending(), "the next caller waits");
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = service.call("two");
    assert_request_eq!(handle, "two").send_response(2);
    assert_eq!(response.await.unwrap(), 2);
    assert_eq!(state(&breaker), State::Closed);
}

#[tokio::test]
async fn a_service_that_was_ready_to_reject_calls_an_inner_one_that_has_become_ready() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(All()));
    let (mut service, mut handle) = mock(&breaker);
    fail(&breaker);
    assert!(service.poll_ready().is_ready());
    clock.advance(60 * SECOND);
    assert!(service.poll_ready().is_ready());
    let response = service.call("one");
    assert_request_eq!(handle, "one").send_response(1);
    assert_eq!(response.await.unwrap(), 1);
}

#[test]
fn readiness_takes_no_slot_and_a_call_takes_one() {
    let (breaker, _) = half_open(|builder| builder);
    let hang = service_fn(|_: &'static str| pending::<Result<u32, Down>>());
    let mut services: Vec<_> = (0..10).map(|_| CircuitBreakerLayer::new(&breaker).layer(hang)).collect();
    for service in &mut services {
        assert!(poll_ready(service).is_ready());
    }
    assert_eq!((state(&breaker), breaker.info().probes_in_flight), (State::Open, 0));
    let probe = services[0].call("probe");
    assert_eq!((state(&breaker), breaker.info().probes_in_flight), (State::HalfOpen, 1), "taken by the call itself");
    for service in &mut services[1..] {
        let rejection = rejection(poll_once(pin!(service.call("one too many"))));
        assert_eq!(rejection.state(), State::HalfOpen);
    }
    assert_eq!((breaker.info().probes_in_flight, breaker.info().rejected), (1, 9));
    assert!(poll_ready(&mut services[0]).is_ready(), "a full breaker rejects at once");
    drop(probe);
    assert_eq!(breaker.info().probes_in_flight, 0);
}

#[test]
fn a_response_that_is_dropped_frees_its_slot() {
    for polls in [0, 1, 2, 10] {
        let (breaker, _) = half_open(|builder| builder);
        let mut service =
            CircuitBreakerLayer::new(&breaker).layer(service_fn(|_: &'static str| pending::<Result<u32, Down>>()));
        for _ in 0..100 {
            assert!(poll_ready(&mut service).is_ready());
            let mut response = Box::pin(service.call("one"));
            for _ in 0..polls {
                assert!(poll_once(response.as_mut()).is_pending());
            }
            assert_eq!(breaker.info().probes_in_flight, 1);
        }
        let info = breaker.info();
        assert_eq!((info.state, info.probes_in_flight, info.calls), (State::HalfOpen, 0, 0), "{polls} polls");
    }
}

#[test]
fn a_response_dropped_after_a_long_wait_is_a_failure() {
    let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.cancelled(2.0));
    let mut service =
        CircuitBreakerLayer::new(&breaker).layer(service_fn(|_: &'static str| pending::<Result<u32, Down>>()));
    for (waited, expected) in [(SECOND, State::Closed), (2 * SECOND, State::Open)] {
        assert!(poll_ready(&mut service).is_ready());
        let mut response = Box::pin(service.call("one"));
        assert!(poll_once(response.as_mut()).is_pending());
        clock.advance(waited);
        drop(response);
        assert_eq!(state(&breaker), expected);
    }
}

#[test]
fn a_panic_of_the_inner_service_is_a_failure_and_frees_the_slot() {
    let (breaker, clock) = half_open(|builder| builder.cancelled(Cancelled::Ignore));
    let mut at_call = CircuitBreakerLayer::new(&breaker)
        .layer(service_fn(|_: &'static str| -> std::future::Ready<Result<u32, Down>> { panic!("at the call") }));
    assert!(poll_ready(&mut at_call).is_ready());
    catch_unwind(AssertUnwindSafe(|| drop(at_call.call("one")))).unwrap_err();
    assert_eq!((state(&breaker), breaker.info().reopens, breaker.info().probes_in_flight), (State::Open, 1, 0));

    clock.advance(60 * SECOND);
    let mut in_future = CircuitBreakerLayer::new(&breaker).layer(service_fn(|_: &'static str| panicking()));
    assert!(poll_ready(&mut in_future).is_ready());
    let mut response = Box::pin(in_future.call("one"));
    catch_unwind(AssertUnwindSafe(|| poll_once(response.as_mut()))).unwrap_err();
    assert_eq!((state(&breaker), breaker.info().reopens, breaker.info().probes_in_flight), (State::Open, 2, 0));
}

fn panicking() -> impl Future<Output = Result<u32, Down>> {
    poll_fn(|_| panic!("in the future"))
}

/// Behind it is nothing that could be called.
struct NeverReady;

impl Service<&'static str> for NeverReady {
    type Response = u32;
    type Error = Down;
    type Future = std::future::Ready<Result<u32, Down>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Down>> {
        Poll::Ready(Err(Down))
    }

    fn call(&mut self, _: &'static str) -> Self::Future {
        unreachable!("called without being ready")
    }
}

#[test]
fn a_readiness_that_fails_is_recorded_as_a_failed_call() {
    let (breaker, clock) = breaker_with("FailureStreak(2)", |builder| builder.permit(All()));
    let mut service = CircuitBreakerLayer::new(&breaker).layer(NeverReady);
    for _ in 0..2 {
        assert_eq!(poll_ready(&mut service), Poll::Ready(Err(Error::Inner(Down))));
    }
    assert_eq!(state(&breaker), State::Open);
    assert_eq!(poll_ready(&mut service), Poll::Ready(Ok(())));
    rejection(poll_once(pin!(service.call("one"))));

    clock.advance(60 * SECOND);
    assert_eq!(poll_ready(&mut service), Poll::Ready(Err(Error::Inner(Down))));
    assert_eq!((breaker.info().failures, breaker.info().probes_in_flight), (1, 0));
}

#[derive(Clone)]
struct ByNumber;

impl Classifier<u32, u32> for ByNumber {
    fn of_response(&self, response: &u32) -> Outcome {
        match response {
            0 => Outcome::Failure,
            1 => Outcome::Ignored,
            _ => Outcome::Success,
        }
    }

    fn of_error(&self, error: &u32) -> Option<Outcome> {
        match error {
            0 => Some(Outcome::Failure),
            1 => Some(Outcome::Ignored),
            2 => Some(Outcome::Success),
            _ => None,
        }
    }

    fn retry_after(&self, response: &u32) -> Option<Duration> {
        assert_eq!(*response, 0, "asked of a response that is no failure");
        Some(90 * SECOND)
    }
}

#[tokio::test]
async fn a_classifier_says_what_responses_and_errors_are() {
    let (breaker, _) = breaker_with("FailureStreak(9)", |builder| builder.tracker(Custom(|error: &u32| *error == 3)));
    let service = CircuitBreakerLayer::new(&breaker).classifier(ByNumber).layer(service_fn(ready::<Result<u32, u32>>));
    for (result, (calls, failures)) in [
        (Ok(0), (1, 1)),
        (Ok(1), (1, 1)),
        (Ok(2), (2, 1)),
        (Err(0), (3, 2)),
        (Err(1), (3, 2)),
        (Err(2), (4, 2)),
        (Err(3), (5, 3)),
        (Err(4), (5, 3)),
    ] {
        assert_eq!(service.clone().oneshot(result).await, result.map_err(Error::Inner));
        assert_eq!((breaker.info().calls, breaker.info().failures), (calls, failures), "{result:?}");
    }
}

#[tokio::test]
async fn a_response_may_ask_for_a_longer_opening() {
    for (limit, expected) in [(Some(600), 90), (Some(70), 70), (None, 60)] {
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| match limit {
            Some(limit) => builder.honour_retry_after(limit),
            None => builder,
        });
        let service =
            CircuitBreakerLayer::new(&breaker).classifier(ByNumber).layer(service_fn(ready::<Result<u32, u32>>));
        assert_eq!(service.oneshot(Ok(0)).await, Ok(0));
        assert_eq!(breaker.info().retry_after, Some(expected * SECOND));
    }
}

#[tokio::test]
async fn errors_that_ask_for_a_longer_opening_are_read_by_the_breakers_function() {
    for error in [0, 3] {
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| {
            builder.honour_retry_after(600).retry_after(|_: &u32| Some(90 * SECOND))
        });
        let service =
            CircuitBreakerLayer::new(&breaker).classifier(ByNumber).layer(service_fn(ready::<Result<u32, u32>>));
        service.oneshot(Err(error)).await.unwrap_err();
        assert_eq!(breaker.info().retry_after, Some(90 * SECOND));
    }
}

#[tokio::test]
async fn probes_that_are_ignored_leave_their_slot_to_others() {
    let (breaker, _) = half_open(|builder| builder);
    let service = CircuitBreakerLayer::new(&breaker).classifier(ByNumber).layer(service_fn(ready::<Result<u32, u32>>));
    for _ in 0..1_000 {
        assert_eq!(service.clone().oneshot(Ok(1)).await, Ok(1));
    }
    assert_eq!((state(&breaker), breaker.info().rejected), (State::HalfOpen, 0));
    assert_eq!(service.oneshot(Ok(2)).await, Ok(2));
    assert_eq!(state(&breaker), State::Closed);
}

#[tokio::test]
async fn a_breaker_in_shadow_mode_rejects_nothing() {
    let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.shadow(true));
    fail(&breaker);
    let (mut service, mut handle) = mock(&breaker);
    handle.allow(0);
    assert!(service.poll_ready().is_pending(), "ready without a call that could be made");
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = service.call("one");
    assert_request_eq!(handle, "one").send_response(1);
    assert_eq!(response.await.unwrap(), 1);
    assert_eq!(breaker.info().would_have_been_rejected, 1);
}

#[tokio::test]
async fn clones_share_the_breaker_and_have_a_readiness_each() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let called = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&called);
    let inner = service_fn(move |fails: bool| {
        counted.fetch_add(1, Ordering::SeqCst);
        ready(if fails { Err(Down) } else { Ok(()) })
    });
    let service = CircuitBreakerLayer::new(&breaker).layer(inner);
    let clones = [service.clone(), service.clone(), service];
    assert_eq!(clones[0].clone().oneshot(true).await, Err(Error::Inner(Down)));
    for clone in clones {
        assert!(matches!(clone.oneshot(false).await, Err(Error::NotPermitted(_))));
    }
    assert_eq!(called.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn boxed_errors_are_the_rejection_or_the_inner_services_own() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let mut service = ServiceBuilder::new()
        .timeout(SECOND)
        .layer(CircuitBreakerLayer::new(&breaker).boxed())
        .service(service_fn(|_: &'static str| ready(Err::<u32, _>(Down))));
    let error: BoxError = service.ready().await.unwrap().call("one").await.unwrap_err();
    assert!(error.is::<Down>());
    let error = service.ready().await.unwrap().call("two").await.unwrap_err();
    assert!(error.is::<CallNotPermitted>());
}

#[tokio::test]
async fn a_buffer_within_or_without_goes_on_after_rejections() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let layer = CircuitBreakerLayer::new(&breaker);
    let inner = || service_fn(|fails: bool| ready(if fails { Err(Down) } else { Ok(7) }));
    let within = layer.boxed().layer(Buffer::new(inner(), 4));
    let without = Buffer::new(CircuitBreakerLayer::new(&breaker).layer(inner()), 4);
    for _ in 0..10 {
        within.clone().oneshot(true).await.unwrap_err();
        assert!(within.clone().oneshot(false).await.unwrap_err().is::<CallNotPermitted>());
        assert!(without.clone().oneshot(false).await.unwrap_err().is::<Error<Down>>());
        breaker.reset();
        assert_eq!(within.clone().oneshot(false).await.unwrap(), 7);
        assert_eq!(without.clone().oneshot(false).await.unwrap(), 7);
    }
}

#[tokio::test]
async fn a_concurrency_limit_within_gets_back_every_permit() {
    let (breaker, _) = breaker("FailureStreak(1)");
    let inner = ConcurrencyLimit::new(service_fn(|fails: bool| ready(if fails { Err(Down) } else { Ok(7) })), 1);
    let service = CircuitBreakerLayer::new(&breaker).layer(inner);
    for _ in 0..100 {
        let mut holder = service.clone();
        holder.ready().await.unwrap();
        breaker.force_open();
        rejection(Poll::Ready(holder.call(false).await));
        rejection(Poll::Ready(service.clone().oneshot(false).await));
        breaker.reset();
        let mut other = service.clone();
        assert!(other.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending(), "the permit is the holder's");
        assert_eq!(holder.ready().await.unwrap().call(false).await, Ok(7));
        assert_eq!(other.ready().await.unwrap().call(false).await, Ok(7));
    }
}

/// Tries three times, but not again at once what was rejected.
#[derive(Clone)]
struct ThreeTimes(u32);

impl<R: Clone, T> retry::Policy<R, T, Error<BoxError>> for ThreeTimes {
    type Future = std::future::Ready<()>;

    fn retry(&mut self, _: &mut R, result: &mut Result<T, Error<BoxError>>) -> Option<Self::Future> {
        self.0 += 1;
        let again = matches!(result, Err(Error::Inner(_))) && self.0 < 3;
        again.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &R) -> Option<R> {
        Some(request.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn retries_around_limits_and_a_time_out_within_make_each_attempt_a_call() {
    for (streak, calls, is_rejected) in [(9, 3, false), (2, 2, true)] {
        let (breaker, _) = breaker(&format!("FailureStreak({streak})"));
        let service = ServiceBuilder::new()
            .retry(ThreeTimes(0))
            .layer(CircuitBreakerLayer::new(&breaker))
            .concurrency_limit(1)
            .timeout(2 * SECOND)
            .service(service_fn(|()| pending::<Result<u32, Down>>()));
        let error = service.oneshot(()).await.unwrap_err();
        assert_eq!(error.not_permitted().is_some(), is_rejected);
        assert_eq!((breaker.info().consecutive_failures, breaker.info().rejected), (calls, u64::from(is_rejected)));
    }
}

#[test]
fn asking_whether_a_call_would_be_rejected_changes_nothing() {
    let (breaker, clock) = half_open(|builder| builder);
    assert_eq!(breaker.would_reject(), None, "a retry is due");
    assert_eq!(state(&breaker), State::Open);
    let probe = breaker.try_acquire().unwrap();
    let rejection = breaker.would_reject().unwrap();
    assert_eq!((rejection.state(), rejection.retry_after()), (State::HalfOpen, None));
    clock.advance(60 * SECOND);
    assert_eq!(breaker.would_reject(), None, "the probe has hung");
    assert_eq!(breaker.info().probes_in_flight, 1);
    drop(probe); // after so long a wait it has failed
    assert_eq!(breaker.would_reject().unwrap().retry_after(), Some(60 * SECOND));
    breaker.set_shadow(true);
    assert_eq!(breaker.would_reject(), None);
    breaker.set_shadow(false);
    breaker.force_open();
    assert_eq!(breaker.would_reject().unwrap().state(), State::ForcedOpen);
    breaker.disable();
    assert_eq!(breaker.would_reject(), None);
    breaker.reset();
    assert_eq!((breaker.would_reject(), breaker.info().rejected), (None, 0));
    assert!(succeed(&breaker));
}

#[test]
fn a_permit_that_admits_nobody_is_foreseen_and_one_that_leaves_it_to_chance_is_not() {
    for (ratio, foreseen) in [(0.0, true), (0.001, false)] {
        let (breaker, clock) = breaker_with("FailureStreak(1)", |builder| builder.permit(Random(ratio)));
        fail(&breaker);
        clock.advance(60 * SECOND);
        let _ = breaker.try_acquire();
        assert_eq!(state(&breaker), State::HalfOpen);
        assert_eq!(breaker.would_reject().is_some(), foreseen);
    }
}

/// A breaker for each request, by its host.
mod keyed {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Poll},
    };

    use fluxgate::{CircuitBreakerLayer, Error, KeyedBreakers, State, trippers::FailureStreak};
    use tower::{Layer, Service, ServiceExt};

    /// Counts how often it was asked whether it is ready, and called.
    #[derive(Clone, Default)]
    struct Backend {
        asked: Arc<AtomicUsize>,
        called: Arc<AtomicUsize>,
    }

    impl Service<&'static str> for Backend {
        type Response = &'static str;
        type Error = &'static str;
        type Future = std::future::Ready<Result<&'static str, &'static str>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, host: &'static str) -> Self::Future {
            self.called.fetch_add(1, Ordering::SeqCst);
            std::future::ready(if host == "down" { Err("down") } else { Ok(host) })
        }
    }

    #[tokio::test]
    async fn a_host_that_fails_is_rejected_and_the_others_are_not_and_no_readiness_is_lost() {
        let hosts: KeyedBreakers<String> =
            KeyedBreakers::builder("tower").policy(|builder| builder.tripper(FailureStreak(1))).build().unwrap();
        let (chosen, backend) = (hosts.clone(), Backend::default());
        let layer = CircuitBreakerLayer::keyed(move |host: &&'static str| chosen.get(*host));
        let mut service = layer.layer(backend.clone());
        let mut call = async |host| service.ready().await.unwrap().call(host).await;

        assert!(matches!(call("down").await, Err(Error::Inner("down"))));
        assert!(matches!(call("down").await, Err(Error::NotPermitted(_))));
        assert!(matches!(call("well").await, Ok("well")));
        let counts = [&backend.asked, &backend.called].map(|count| count.load(Ordering::SeqCst));
        assert_eq!(counts, [2, 2], "the readiness that the rejected call had no use for is the next one's");
        assert_eq!(["down", "well"].map(|host| hosts.get(host).info().state), [State::Open, State::Closed]);
    }

    #[tokio::test]
    async fn a_future_that_is_dropped_gives_back_the_slot_of_its_own_breaker() {
        let hosts: KeyedBreakers<String> = KeyedBreakers::builder("tower, dropped").build().unwrap();
        let chosen = hosts.clone();
        let layer = CircuitBreakerLayer::keyed(move |host: &&'static str| chosen.get(*host));
        let mut service = layer.layer(tower::service_fn(|_| std::future::pending::<Result<(), &'static str>>()));
        let call = service.call("a");
        assert_eq!(hosts.len(), 1);
        drop(call);
        assert_eq!(hosts.get("a").info().calls, 0, "dropped at once, it is ignored");
    }
}
