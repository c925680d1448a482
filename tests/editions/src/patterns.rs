//! Arguments behind patterns, and their names in a key, a breaker and a fallback.

use std::sync::Arc;

use fluxgate::{breakers, circuit_breaker, CircuitBreaker};
use tokio::sync::{Mutex, MutexGuard};

use crate::support::{compare, tick, told, twice, Failed, Job, State, Told};

pub struct App {
    users: Mutex<Vec<u32>>,
}

fn app() -> State<Arc<App>> {
    State(Arc::new(App { users: Mutex::new(vec![1, 2]) }))
}

breakers! {
    PER_HOST[max = 10] { name = "patterns in editions" }
    LATE[max = 10] { name = "found late" }
}

twice! {
    [] temporary_at_the_end {
        pub async fn call(State(app): State<Arc<App>>) -> Result<usize, Failed> {
            Ok(app.users.lock().await.len())
        }
    }
    [] parts {
        pub async fn call(
            (a, _): (Told, Told),
            _: Told,
            Job { permit, data: _ }: Job,
        ) -> Result<(), Failed> {
            permit.touch();
            tick().await;
            a.touch();
            Ok(())
        }
    }
    [] by_reference {
        #[allow(clippy::toplevel_ref_arg, reason = "a pattern like others")]
        pub async fn call(ref a: Told, mut b: Told, ref n: u32) -> Result<u32, Failed> {
            a.touch();
            tick().await;
            b.0 = "B";
            Ok(*n)
        }
    }
    [] sync_parts {
        pub fn call((a, _): (Told, Told), _: Told, Job { permit, data: _ }: Job) -> Result<(), Failed> {
            permit.touch();
            a.touch();
            Ok(())
        }
    }
    [] items_first {
        pub async fn call(a: Told, _b: Told) -> Result<u32, Failed> {
            const ONE: u32 = 1;
            fn two() -> u32 {
                2
            }
            a.touch();
            tick().await;
            Ok(ONE + two())
        }
    }
    [] items_first_after_one {
        pub async fn call(a: Told) -> Result<u32, Failed> {
            use std::convert::Into;
            a.touch();
            tick().await;
            Ok(1_u8.into())
        }
    }
    [] sync_items_first {
        pub fn call(a: Told) -> Result<u32, Failed> {
            const ONE: u32 = 1;
            a.touch();
            Ok(ONE)
        }
    }
}

#[test]
fn what_patterns_take_and_what_they_leave_lives_as_long_as_without_the_attribute() {
    compare! {
        temporary_at_the_end(app());
        parts((Told("a"), Told("a2")), Told("b"), crate::support::job());
        by_reference(Told("a"), Told("b"), 1);
        items_first(Told("a"), Told("b"));
        items_first_after_one(Told("a"));
    }
    assert_eq!(plain::sync_parts::call((Told("a"), Told("a2")), Told("b"), crate::support::job()), Ok(()));
    let plain = told();
    assert_eq!(guarded::sync_parts::call((Told("a"), Told("a2")), Told("b"), crate::support::job()), Ok(()));
    assert_eq!(plain, told());
    assert_eq!(plain::sync_items_first::call(Told("a")), guarded::sync_items_first::call(Told("a")));
}

#[circuit_breaker(key = host)]
async fn by_key(State(app): State<Arc<App>>, State(host): State<String>) -> Result<usize, Failed> {
    Ok(app.users.lock().await.len() + host.len())
}

#[circuit_breaker(key = host)]
fn by_key_sync(State(host): State<String>, _permit: Told) -> Result<usize, Failed> {
    Ok(host.len())
}

#[circuit_breaker(key = host)]
#[allow(clippy::toplevel_ref_arg, reason = "a pattern like others")]
async fn by_borrowed_key(ref host: String) -> Result<usize, Failed> {
    tick().await;
    Ok(host.len())
}

#[circuit_breaker(key = host)]
#[allow(clippy::toplevel_ref_arg, reason = "a pattern like others")]
fn by_borrowed_key_sync(ref host: String) -> Result<usize, Failed> {
    Ok(host.len())
}

#[circuit_breaker(key = _host)]
#[allow(clippy::used_underscore_binding, reason = "it is the body that does not use it")]
async fn by_unused_key(State(_host): State<String>) -> Result<usize, Failed> {
    tick().await;
    Ok(0)
}

#[circuit_breaker(PER_HOST.get(&host))]
async fn by_set(State(host): State<String>) -> Result<String, Failed> {
    tick().await;
    Ok(host)
}

#[circuit_breaker(PER_HOST.get(&host))]
fn by_set_sync(State(mut host): State<String>) -> Result<String, Failed> {
    host.push('!');
    Ok(host)
}

#[circuit_breaker(breaker)]
fn by_itself(State(breaker): State<CircuitBreaker>) -> Result<CircuitBreaker, Failed> {
    Ok(breaker)
}

#[circuit_breaker(fallback = |_| Ok(host.len()))]
async fn with_a_fallback(State(host): State<String>) -> Result<usize, Failed> {
    tick().await;
    if host.is_empty() {
        Ok(7)
    } else {
        Err(Failed)
    }
}

#[circuit_breaker(fallback = |_| Ok(host.len()))]
fn with_a_fallback_sync(State(host): State<String>) -> Result<usize, Failed> {
    if host.is_empty() {
        Ok(7)
    } else {
        Err(Failed)
    }
}

#[tokio::test]
async fn names_that_patterns_bind_find_the_breaker_and_answer_for_it() {
    let host = |name: &str| State(name.to_owned());
    assert_eq!((by_key(app(), host("a")).await, by_key_sync(host("ab"), Told("permit"))), (Ok(3), Ok(2)));
    assert_eq!((by_borrowed_key("a".into()).await, by_borrowed_key_sync("ab".into())), (Ok(1), Ok(2)));
    assert_eq!(by_unused_key(host("a")).await, Ok(0));
    assert_eq!((by_set(host("a")).await, by_set_sync(host("a"))), (Ok("a".to_owned()), Ok("a!".to_owned())));
    assert_eq!(PER_HOST.get("a").info().calls, 2);
    assert_eq!(by_itself(State(CircuitBreaker::new("itself"))).unwrap().info().calls, 1);
    assert_eq!((with_a_fallback(host("abc")).await, with_a_fallback_sync(host("abcd"))), (Ok(3), Ok(4)));
}

#[circuit_breaker(LATE.get(host))]
async fn at_the_first_poll(host: &str) -> Result<(), Failed> {
    Ok(())
}

#[tokio::test]
async fn the_breaker_of_an_async_function_is_found_at_the_first_poll() {
    let future = at_the_first_poll("a");
    assert_eq!(LATE.len(), 0);
    assert_eq!((future.await, LATE.len()), (Ok(()), 1));
}

#[circuit_breaker]
async fn writes(_: MutexGuard<'_, u32>, value: u32) -> Result<u32, Failed> {
    tick().await;
    Ok(value)
}

#[tokio::test]
async fn a_lock_without_a_name_is_held_until_the_future_is_done() {
    let lock = Mutex::new(0);
    let future = writes(lock.lock().await, 3);
    assert!(lock.try_lock().is_err());
    assert_eq!(future.await, Ok(3));
    assert!(lock.try_lock().is_ok());
}
