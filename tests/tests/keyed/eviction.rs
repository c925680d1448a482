//! Which breakers of a set go, and which never do.

use std::{collections::BTreeSet, thread, time::Duration};

use fluxgate::{
    CircuitBreaker, KeyedBreakers, ManualClock, State, get, registry,
    retries::{Always, Cooldown, CustomRetry, Never, RetryContext},
    trippers::FailureStreak,
};
use fluxgate_tests::{
    fixture::{Down, Recorder, SECOND, fail, state, succeed},
    process::turn,
    sets::{names, set},
};

#[test]
fn idle_breakers_are_evicted_as_others_are_asked_for() {
    let _turn = turn();
    let (hosts, clock) = set("idle", |builder| builder.idle(10));
    for key in 0..20 {
        succeed(&hosts.get(key.to_string().as_str()));
    }
    let fresh = || hosts.get("fresh");
    for _ in 0..9 {
        clock.advance(SECOND);
        succeed(&fresh());
    }
    assert_eq!(hosts.len(), 21, "nine seconds are less than ten");
    for _ in 0..20 {
        clock.advance(SECOND);
        succeed(&fresh());
    }
    assert_eq!(names("idle"), BTreeSet::from(["idle{fresh}".to_owned()]));
    assert_eq!(fresh().info().calls, 29, "it was in use all the while");
}

#[test]
fn in_a_full_set_the_least_recently_used_goes() {
    let _turn = turn();
    let (hosts, clock) = set("full", |builder| builder.max(3));
    for key in ["a", "b", "c"] {
        clock.advance(SECOND);
        hosts.get(key);
    }
    clock.advance(SECOND);
    hosts.get("a");
    hosts.get("d");
    assert_eq!(names("full"), ["full{a}", "full{c}", "full{d}"].map(str::to_owned).into());
    clock.advance(SECOND);
    for key in ["c", "a"] {
        clock.advance(SECOND);
        hosts.get(key);
    }
    hosts.get("e");
    assert_eq!(names("full"), ["full{a}", "full{c}", "full{e}"].map(str::to_owned).into());
    assert_eq!(hosts.len(), 3);
}

#[test]
fn hosts_that_are_always_in_use_outlive_a_stream_of_strangers() {
    let _turn = turn();
    let (hosts, clock) = set("strangers", |builder| builder.max(100));
    for stranger in 0..5_000 {
        clock.advance(Duration::from_millis(10));
        for regular in 0..20 {
            succeed(&hosts.get(format!("regular {regular}").as_str()));
        }
        hosts.get(format!("stranger {stranger}").as_str());
    }
    let calls: Vec<u64> =
        (0..20).map(|regular| hosts.get(format!("regular {regular}").as_str()).info().calls).collect();
    assert_eq!(calls, [100; 20], "the window of each is full");
    assert_eq!(hosts.len(), 100);
}

#[test]
fn a_breaker_that_is_open_before_its_time_or_commanded_is_never_evicted() {
    let _turn = turn();
    let (hosts, clock) = set("unwell", |builder| builder.max(6).idle(10));
    hosts.set_policy(hosts.policy().retry(Cooldown(3_000))).unwrap();
    let never = hosts.get("never");
    never.set_policy(hosts.policy().retry(Never())).unwrap();
    fail(&never);
    drop(never);
    fail(&hosts.get("open"));
    hosts.get("forced").force_open();
    hosts.get("off").disable();
    hosts.get("metrics").metrics_only();
    for key in 0..29 {
        clock.advance(100 * SECOND);
        hosts.get(key.to_string().as_str());
    }
    let kept: Vec<_> =
        ["never", "open", "forced", "off", "metrics"].map(|key| state(&hosts.get_if_present(key).unwrap())).into();
    assert_eq!(kept, [State::Open, State::Open, State::ForcedOpen, State::Disabled, State::MetricsOnly]);
    assert_eq!(hosts.len(), 6);
    for _ in 0..20 {
        clock.advance(100 * SECOND);
        hosts.get("other");
    }
    assert!(hosts.get_if_present("open").is_none(), "its time has come");
    assert_eq!(hosts.len(), 5);
}

#[test]
fn hosts_that_died_once_and_are_never_asked_for_again_make_room() {
    let _turn = turn();
    let (hosts, clock) = set("dead", |builder| builder.max(100));
    for key in 0..100 {
        fail(&hosts.get(format!("dead {key}").as_str()));
    }
    assert_eq!(hosts.get("early").name(), "dead{*}", "all are open, and not due");
    clock.advance(Duration::from_secs(7 * 86_400));
    for key in 0..200 {
        let breaker = hosts.get(format!("new {key}").as_str());
        assert_eq!(breaker.name(), format!("dead{{new {key}}}"));
        assert!(succeed(&breaker));
    }
    assert_eq!(hosts.len(), 100);
}

#[test]
fn idle_breakers_go_whether_they_are_closed_half_open_or_due() {
    let _turn = turn();
    let (hosts, clock) = set("states", |builder| builder.max(10).idle(100));
    hosts.get("closed");
    fail(&hosts.get("due"));
    fail(&hosts.get("half open"));
    clock.advance(60 * SECOND);
    drop(hosts.get("half open").try_acquire());
    assert_eq!(state(&hosts.get("half open")), State::HalfOpen);
    for _ in 0..9 {
        clock.advance(10 * SECOND);
        hosts.get("other");
    }
    assert!(hosts.get_if_present("half open").is_some(), "it was asked for 90 seconds ago");
    for _ in 0..12 {
        clock.advance(10 * SECOND);
        hosts.get("other");
    }
    assert_eq!(names("states"), ["states{other}".to_owned()].into());
}

#[test]
fn a_half_open_breaker_makes_no_room_before_it_is_idle() {
    let _turn = turn();
    let (hosts, clock) = set("probing", |builder| builder.max(1).idle(1_000));
    fail(&hosts.get("a"));
    clock.advance(60 * SECOND);
    drop(hosts.get("a").try_acquire());
    clock.advance(100 * SECOND);
    assert_eq!((state(&hosts.get("a")), hosts.get("b").name()), (State::HalfOpen, "probing{*}"));
    clock.advance(1_000 * SECOND);
    assert_eq!(hosts.get("b").name(), "probing{b}");
}

#[test]
fn the_least_recently_used_goes_of_the_closed_ones_and_those_that_are_due() {
    let _turn = turn();
    let (hosts, clock) = set("due", |builder| builder.max(3));
    for key in ["due", "open", "closed"] {
        if key == "open" {
            clock.advance(59 * SECOND);
        }
        clock.advance(SECOND / 2);
        if key == "closed" {
            succeed(&hosts.get(key))
        } else {
            fail(&hosts.get(key))
        };
    }
    clock.advance(SECOND);
    hosts.get("new");
    assert_eq!(names("due"), ["closed", "new", "open"].map(|key| format!("due{{{key}}}")).into());
}

#[test]
fn a_retry_of_ones_own_does_not_keep_a_breaker() {
    #[derive(Clone)]
    struct Mine;
    impl CustomRetry for Mine {
        fn is_due(&self, _: &RetryContext) -> bool {
            unreachable!("nobody calls")
        }
    }
    let _turn = turn();
    let (hosts, clock) = set("custom", |builder| builder.max(1));
    hosts.set_policy(hosts.policy().retry(Mine)).unwrap();
    fail(&hosts.get("a"));
    clock.advance(SECOND);
    assert_eq!(hosts.get("b").name(), "custom{b}");
}

#[test]
fn nobody_hears_of_an_eviction() {
    let _turn = turn();
    let recorder = Recorder::default();
    let of_breakers = recorder.clone();
    let (hosts, clock) = set("unheard", |builder| {
        builder.max(1).policy(move |builder| builder.tripper(FailureStreak(1)).listener(of_breakers.clone()))
    });
    fail(&hosts.get("a"));
    hosts.set_policy(hosts.policy().retry(Always())).unwrap();
    clock.advance(SECOND);
    assert_eq!(hosts.get("b").name(), "unheard{b}");
    assert_eq!(recorder.states(), [State::Open]);
}

#[test]
fn a_breaker_is_removed_in_any_state_and_its_handles_stay_usable() {
    let _turn = turn();
    let (hosts, _clock) = set("removed", |builder| builder.max(2));
    let commands: [fn(&CircuitBreaker); 5] = [
        |_| (),
        |breaker| drop(breaker.call(|| Err::<(), _>(Down))),
        CircuitBreaker::force_open,
        CircuitBreaker::disable,
        CircuitBreaker::metrics_only,
    ];
    for command in commands {
        let kept = hosts.get("a");
        command(&kept);
        let call = kept.try_acquire_owned();
        let removed = hosts.remove("a").unwrap();
        assert_eq!((state(&removed), hosts.len(), removed.name()), (state(&kept), 0, "removed{a}"));
        assert!(hosts.get_if_present("a").is_none() && hosts.remove("a").is_none() && names("removed").is_empty());
        drop(call);
        removed.force_open();
        assert!(!succeed(&kept), "they share one breaker");
        let new = hosts.get("a");
        assert_eq!((new.label(), state(&new)), ("removed{a}", State::Closed));
        assert!(succeed(&new) && get("removed{a}").is_some_and(|breaker| breaker.info().calls == 1));
        hosts.set_policy(hosts.policy()).unwrap();
        drop(new);
        assert!(hosts.remove("a").is_some());
    }
    // Their places are free.
    let names: Vec<_> = ["b", "c"].map(|key| hosts.get(key).name().to_owned()).into();
    assert_eq!(names, ["removed{b}", "removed{c}"]);
}

#[test]
fn threads_that_remove_and_ask_for_keys_leave_no_place_taken() {
    let _turn = turn();
    let (hosts, _clock) = set("both", |builder| builder.max(8));
    thread::scope(|threads| {
        for thread in 0..4_u64 {
            let hosts = &hosts;
            threads.spawn(move || {
                for step in 0..5_000_u64 {
                    let key = (step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 12;
                    let key = key.to_string();
                    if step % 3 == thread % 3 {
                        drop(hosts.remove(key.as_str()));
                    } else {
                        drop(hosts.get(key.as_str()));
                    }
                }
            });
        }
    });
    (0..12).for_each(|key| drop(hosts.remove(key.to_string().as_str())));
    assert_eq!((hosts.len(), hosts.breakers().len()), (0, 0));
    let kept: Vec<CircuitBreaker> = (0..9).map(|key| hosts.get(key.to_string().as_str())).collect();
    assert_eq!((hosts.len(), kept[8].name()), (8, "both{*}"));
    let listed: Vec<String> = hosts.breakers().iter().map(|breaker| breaker.name().to_owned()).collect();
    assert_eq!(listed, (0..8).map(|key| format!("both{{{key}}}")).collect::<Vec<_>>());
}

fn pressed(hosts: &KeyedBreakers<String>, clock: &ManualClock) {
    for key in 0..20 {
        clock.advance(100 * SECOND);
        hosts.get(format!("other {key}").as_str());
    }
}

#[test]
fn a_breaker_with_a_call_in_flight_is_never_evicted_however_the_call_is_made() {
    let _turn = turn();
    let (hosts, clock) = set("in flight", |builder| builder.max(2).idle(10));
    let still_there = || hosts.get_if_present("a").is_some_and(|breaker| breaker.info().calls == 1);

    // Closed, with a success to be known by.
    succeed(&hosts.get("a"));
    hosts
        .get("a")
        .call(|| {
            pressed(&hosts, &clock);
            Ok::<_, Down>(())
        })
        .unwrap();
    let calls = hosts.get_if_present("a").map(|breaker| breaker.info().calls);
    assert_eq!(calls, Some(2), "by a closure");
    pressed(&hosts, &clock);
    assert!(hosts.get_if_present("a").is_none(), "after its call it goes like any other");

    let call = hosts.get("a").try_acquire_owned().unwrap();
    pressed(&hosts, &clock);
    call.success();
    assert!(still_there(), "by hand");
    pressed(&hosts, &clock);
    assert!(hosts.get_if_present("a").is_none());

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let host = hosts.clone();
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    runtime.block_on(async {
        let call = tokio::spawn(async move {
            let breaker = host.get("a");
            breaker.call_async(receive).await
        });
        tokio::task::yield_now().await;
        pressed(&hosts, &clock);
        send.send(()).unwrap();
        call.await.unwrap().unwrap();
        assert!(still_there(), "by a future that waits");
        pressed(&hosts, &clock);
        assert!(hosts.get_if_present("a").is_none());
    });

    let kept = hosts.get("a");
    pressed(&hosts, &clock);
    assert_eq!(hosts.get("a").label(), "in flight{a}");
    fail(&kept);
    assert_eq!(state(&hosts.get("a")), State::Open, "a handle that is kept is the breaker's");
}

#[test]
fn where_all_are_needed_new_keys_share_one_breaker_until_there_is_room() {
    let _turn = turn();
    let (hosts, clock) = set("crowded", |builder| builder.max(2));
    fail(&hosts.get("a"));
    let _held = hosts.get("b");
    assert_eq!(names("crowded").len(), 2);
    assert_eq!((hosts.get("c").name(), hosts.get("d").name()), ("crowded{*}", "crowded{*}"));
    fail(&hosts.get("c"));
    assert!(!succeed(&hosts.get("d")), "they share what happens");
    assert_eq!(hosts.len(), 2);
    assert!(names("crowded").contains("crowded{*}"));

    hosts.get("a").reset();
    clock.advance(SECOND);
    assert_eq!(hosts.get("c").name(), "crowded{c}");
    assert!(succeed(&hosts.get("c")));
    assert!(hosts.get_if_present("a").is_none());
}

#[test]
fn an_evicted_breaker_leaves_its_name_to_the_next_of_its_key() {
    let _turn = turn();
    let (hosts, clock) = set("again", |builder| builder.max(1));
    for round in 0..10 {
        clock.advance(SECOND);
        let (breaker, key) = (hosts.get(["a", "b"][round % 2]), ["a", "b"][round % 2]);
        assert_eq!(breaker.label(), format!("again{{{key}}}"));
        assert_eq!(breaker.info().calls, 0, "it begins anew");
        succeed(&breaker);
    }
}

#[test]
fn threads_that_come_and_go_over_a_full_set_find_and_lose_no_call() {
    let _turn = turn();
    let (hosts, _clock) = set("threads", |builder| builder.max(8).policy(|builder| builder.tripper(FailureStreak(1))));
    let opened: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u64)
            .map(|thread| {
                let hosts = &hosts;
                scope.spawn(move || {
                    let mut opened = 0;
                    for step in 0..20_000_u64 {
                        let key = (step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 64;
                        let key = format!("{key}");
                        if step % 5_000 == 77 {
                            let breaker = hosts.get(format!("open {thread} {step}").as_str());
                            breaker.force_open();
                            opened += usize::from(breaker.name() != "threads{*}");
                        } else {
                            assert!(hosts.get(key.as_str()).name().starts_with("threads{"));
                        }
                    }
                    opened
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let all = registry();
    let mine: Vec<&CircuitBreaker> = all.iter().filter(|breaker| breaker.name().starts_with("threads{")).collect();
    let open = mine.iter().filter(|breaker| breaker.name().starts_with("threads{open")).count();
    assert_eq!(open, opened, "what was opened is there");
    assert!(mine.len() <= 9 && hosts.len() <= 8, "{}", mine.len());
    let labels: BTreeSet<&str> = mine.iter().map(|breaker| breaker.label()).collect();
    assert!(labels.iter().all(|label| label.ends_with('}')), "no key has two: {labels:?}");
}

#[test]
fn a_million_keys_in_turn_leave_a_set_as_small_as_it_may_be() {
    let _turn = turn();
    let keys = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };
    let (hosts, clock) = set("million", |builder| builder.max(1_000));
    for key in 0..keys {
        clock.advance(Duration::from_millis(1));
        succeed(&hosts.get(format!("host {key}").as_str()));
        if key % 50_000 == 0 {
            assert!(names("million").len() <= 1_000);
        }
    }
    assert_eq!((hosts.len(), names("million").len()), (1_000, 1_000));
    assert!(hosts.get_if_present(format!("host {}", keys - 1).as_str()).is_some());
    drop(hosts);
    assert!(names("million").is_empty());
}
