//! A breaker for each request, by its host.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use fluxgate::{CircuitBreakerLayer, Error, KeyedBreakers, State, trippers::FailureStreak};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, limit::GlobalConcurrencyLimitLayer};

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
async fn a_host_that_fails_is_rejected_and_the_others_are_not() {
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
    assert_eq!(counts, [3, 2], "the readiness that the rejected call had no use for is given back");
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

#[test]
fn a_rejected_call_keeps_no_place_that_others_wait_for() {
    let hosts: KeyedBreakers<String> = KeyedBreakers::builder("tower, limited").build().unwrap();
    let chosen = hosts.clone();
    let service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::keyed(move |host: &&'static str| chosen.get(*host)))
        .layer(GlobalConcurrencyLimitLayer::new(1))
        .service(Backend::default());
    let (mut idle, mut waiting) = (service.clone(), service);
    let is_ready = |service: &mut _| {
        let mut context = Context::from_waker(Waker::noop());
        Service::<&'static str>::poll_ready(service, &mut context).is_ready()
    };
    hosts.get("down").force_open();
    assert!(is_ready(&mut idle));
    assert!(!is_ready(&mut waiting), "there is one place");
    drop(idle.call("down"));
    assert!(is_ready(&mut waiting), "the rejected call has no use for it");
    drop(idle);
}
