//! When arguments are dropped.

use std::sync::Arc;

use crate::support::{compare, job, polled, tell, tick, told, twice, Failed, Job, Told};

twice! {
    [] format_string {
        pub async fn call(_permit: Told, id: u32) -> Result<(), Failed> {
            tell(format!("body of {id}"));
            tick().await;
            Ok(())
        }
    }
    [] under_a_condition {
        pub async fn call(id: u32, #[cfg(all())] _permit: Told) -> Result<(), Failed> {
            tell(format!("body of {id}"));
            tick().await;
            Ok(())
        }
    }
    [] more_than_twelve {
        #[allow(clippy::too_many_arguments, reason = "as many as may be given to a body, and more")]
        pub async fn call(a: Told, _b: Told, _c: Told, _d: Told, _e: Told, _f: Told, _g: Told, _h: Told, _i: Told,
            _j: Told, _k: Told, _l: Told, _m: Told, _n: Told) -> Result<(), Failed> {
            a.touch();
            tick().await;
            tell("end");
            Ok(())
        }
    }
    [] in_order {
        pub async fn call(a: Told, _b: Told, c: Told) -> Result<(), Failed> {
            let _local = Told("local");
            c.touch();
            tick().await;
            a.touch();
            Ok(())
        }
    }
    [] fields {
        pub async fn call(job: Job) -> Result<(), Failed> {
            job.data.touch();
            tick().await;
            Ok(())
        }
    }
    [] moved_fields {
        pub async fn call(job: Job, other: Told) -> Result<(), Failed> {
            let data = job.data;
            tick().await;
            drop(data);
            other.touch();
            tick().await;
            Ok(())
        }
    }
    [] let_underscore {
        pub async fn call(permit: Told) -> Result<(), Failed> {
            let _ = permit;
            tick().await;
            Ok(())
        }
    }
    [] shadowed {
        pub async fn call(permit: Told, other: Told) -> Result<(), Failed> {
            permit.touch();
            let permit = Told("inner");
            tick().await;
            permit.touch();
            other.touch();
            Ok(())
        }
    }
    [] early_return {
        pub async fn call(a: Told, b: Told) -> Result<(), Failed> {
            a.touch();
            tick().await;
            b.touch();
            Err(Failed)
        }
    }
    [] for_ever {
        pub async fn call(a: Told, b: Told) -> Result<(), Failed> {
            loop {
                a.touch();
                tick().await;
                b.touch();
            }
        }
    }
    [] changed {
        pub async fn call(mut a: Told, mut b: Vec<Told>) -> Result<usize, Failed> {
            a.0 = "A";
            b.clear();
            tick().await;
            Ok(b.len())
        }
    }
    [fallback = |_| ()] without_a_result {
        pub async fn call(a: Told, b: Told) {
            a.touch();
            tick().await;
            b.touch();
        }
    }
    [fallback = |_| Ok(n)] with_a_fallback {
        pub async fn call(a: Told, _b: Told, n: u32, c: Told) -> Result<u32, Failed> {
            c.touch();
            tick().await;
            a.touch();
            Ok(n)
        }
    }
    [failed_if = |m| *m > n] with_a_predicate {
        pub async fn call(a: Told, n: u32, b: Told) -> Result<u32, Failed> {
            b.touch();
            tick().await;
            a.touch();
            Ok(n)
        }
    }
    [key = a.0] by_a_key {
        pub async fn call(a: Told, b: Told) -> Result<(), Failed> {
            b.touch();
            tick().await;
            a.touch();
            Ok(())
        }
    }
    [] another_macro_below {
        #[tracing::instrument(skip_all)]
        pub async fn call(a: Told, b: Told, c: Told) -> Result<(), Failed> {
            b.touch();
            tick().await;
            c.touch();
            a.touch();
            Ok(())
        }
    }
    [fallback = |_| 0] must_be_used {
        #[must_use]
        pub async fn call(a: Told, b: Told) -> u32 {
            b.touch();
            tick().await;
            a.touch();
            1
        }
    }
}

#[test]
fn arguments_of_an_async_function_live_as_long_as_without_the_attribute_and_drop_in_the_same_order() {
    compare! {
        format_string(Told("permit"), 1);
        under_a_condition(1, Told("permit"));
        more_than_twelve(Told("a"), Told("b"), Told("c"), Told("d"), Told("e"), Told("f"), Told("g"), Told("h"),
            Told("i"), Told("j"), Told("k"), Told("l"), Told("m"), Told("n"));
        in_order(Told("a"), Told("b"), Told("c"));
        fields(job());
        moved_fields(job(), Told("other"));
        let_underscore(Told("permit"));
        shadowed(Told("permit"), Told("other"));
        early_return(Told("a"), Told("b"));
        for_ever(Told("a"), Told("b"));
        changed(Told("a"), vec![Told("b"), Told("c")]);
        without_a_result(Told("a"), Told("b"));
        with_a_fallback(Told("a"), Told("b"), 1, Told("c"));
        with_a_predicate(Told("a"), 1, Told("b"));
        by_a_key(Told("a"), Told("b"));
        another_macro_below(Told("a"), Told("b"), Told("c"));
        must_be_used(Told("a"), Told("b"));
    }
}

/// Methods stand on a type, so there are two types.
macro_rules! methods {
    ($(#[$attribute:meta])? $this:ident) => {
        struct $this(Told, Told);

        impl $this {
            $(#[$attribute])?
            async fn by_value(self, b: Told) -> Result<(), Failed> {
                b.touch();
                tick().await;
                self.0.touch();
                Ok(())
            }

            $(#[$attribute])?
            async fn by_value_alone(self) -> Result<(), Failed> {
                self.1.touch();
                tick().await;
                Ok(())
            }

            $(#[$attribute])?
            async fn by_arc(self: Arc<Self>, _b: Told) -> Result<(), Failed> {
                tick().await;
                self.0.touch();
                Ok(())
            }

            $(#[$attribute])?
            fn sync_by_value(self, b: Told) -> Result<(), Failed> {
                b.touch();
                self.1.touch();
                Ok(())
            }
        }
    };
}

methods!(Plain);
methods!(
    #[fluxgate::circuit_breaker]
    Guarded
);

#[test]
fn so_does_a_self_that_is_taken_by_value() {
    for times in 0..4 {
        let (plain, guarded) = (|| Plain(Told("x"), Told("y")), || Guarded(Told("x"), Told("y")));
        assert_eq!(polled(plain().by_value(Told("b")), times), polled(guarded().by_value(Told("b")), times));
        assert_eq!(polled(plain().by_value_alone(), times), polled(guarded().by_value_alone(), times));
        let (plain, guarded) = (Arc::new(plain()), Arc::new(guarded()));
        assert_eq!(polled(plain.by_arc(Told("b")), times), polled(guarded.by_arc(Told("b")), times));
    }
    assert_eq!(Plain(Told("x"), Told("y")).sync_by_value(Told("b")), Ok(()));
    let plain = told();
    assert_eq!(Guarded(Told("x"), Told("y")).sync_by_value(Told("b")), Ok(()));
    assert_eq!(plain, told());
}

mod sync {
    use super::*;

    twice! {
        [] in_order {
            pub fn call(a: Told, b: Told) -> Result<(), Failed> {
                let _local = Told("local");
                a.touch();
                b.touch();
                Ok(())
            }
        }
        [] unused {
            pub fn call(a: Told, _b: Told, c: Told) -> Result<(), Failed> {
                c.touch();
                a.touch();
                Ok(())
            }
        }
        [] fields {
            pub fn call(job: Job) -> Result<(), Failed> {
                job.data.touch();
                Ok(())
            }
        }
        [key = a.0] by_a_key {
            pub fn call(a: Told, b: Told) -> Result<(), Failed> {
                a.touch();
                b.touch();
                Ok(())
            }
        }
        [] another_macro_below {
            #[tracing::instrument(skip_all)]
            pub fn call(a: Told, b: Told) -> Result<(), Failed> {
                a.touch();
                b.touch();
                Ok(())
            }
        }
        [] only_one_expression {
            pub fn call(_a: Told, _b: Told) -> Result<(), Failed> { Ok(()) }
        }
    }

    #[test]
    fn arguments_of_a_sync_function_are_dropped_last_to_first() {
        macro_rules! compare {
            ($($name:ident($($argument:expr),*);)*) => {
                $(
                    assert_eq!(plain::$name::call($($argument),*), Ok(()));
                    let plain = told();
                    assert_eq!(guarded::$name::call($($argument),*), Ok(()));
                    assert_eq!(plain, told(), "{}", stringify!($name));
                )*
            };
        }

        compare! {
            in_order(Told("a"), Told("b"));
            unused(Told("a"), Told("b"), Told("c"));
            fields(job());
            by_a_key(Told("a"), Told("b"));
            another_macro_below(Told("a"), Told("b"));
            only_one_expression(Told("a"), Told("b"));
        }
    }
}

#[fluxgate::circuit_breaker(name = "rejects in editions")]
async fn rejected(a: Told, _b: Told) -> Result<(), Failed> {
    tick().await;
    a.touch();
    Ok(())
}

#[test]
fn arguments_of_a_rejected_call_live_until_its_future_is_done() {
    fluxgate::get("rejects in editions").unwrap().force_open();
    let future = rejected(Told("a"), Told("b"));
    assert_eq!(told(), [""; 0]);
    let told = polled(future, 1);
    assert_eq!(told.iter().filter(|told| told.starts_with("drop")).count(), 2);
    assert_eq!(told.last().unwrap(), "ready");
}

#[fluxgate::circuit_breaker(timeout = 1s)]
async fn hangs(a: Told, _b: Told) -> Result<(), Failed> {
    let _local = Told("local");
    a.touch();
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn arguments_of_a_call_that_times_out_are_dropped_last_to_first() {
    assert_eq!(hangs(Told("a"), Told("b")).await, Err(Failed));
    assert_eq!(told(), ["use a", "drop local", "drop b", "drop a"]);
}
