//! The cost of the parts of which breakers are made: no breaker can take less than its parts do.

use std::{
    hint::black_box,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use rustix::time::{ClockId, clock_gettime};

use super::{Role, Subject, bare::failed, leak};
use crate::traffic::{drive, service};

pub(crate) const TWO_INSTANTS: &str = "two `Instant::now`";

/// The call between two readings of the clock, which is how a duration is measured.
pub(crate) fn two_instants() -> Subject {
    Subject::new(TWO_INSTANTS, Role::Reference, || {
        move |traffic, calls| {
            drive(traffic, calls, |request| {
                let begun = Instant::now();
                let result = service(request);
                black_box(begun.elapsed());
                result.map_err(failed)
            })
        }
    })
}

/// The call after one reading of the coarse clock, which tells seconds well enough.
pub(crate) fn coarse_clock() -> Subject {
    with(
        "coarse clock",
        || (),
        |()| {
            black_box(clock_gettime(ClockId::MonotonicCoarse));
        },
    )
}

/// The parts, the cheapest first.
pub(crate) fn parts() -> Vec<Subject> {
    vec![
        with("load, shared", shared_line, |line| {
            black_box(line.0.load(Relaxed));
        }),
        with("load and store, own line", OwnLine::default, |line| line.store(line.load(Relaxed) + 1, Relaxed)),
        with("`fetch_add`, own line", OwnLine::default, |line| {
            line.fetch_add(1, Relaxed);
        }),
        with("`fetch_add`, shared", shared_line, |line| {
            line.0.fetch_add(1, Relaxed);
        }),
        with("compare-and-swap loop, shared", shared_line, |line| {
            // It ends by succeeding: the closure never gives up.
            let _ = line.0.fetch_update(Relaxed, Relaxed, |count| Some(count + 1));
        }),
        with("`parking_lot::Mutex`", || leak(parking_lot::Mutex::new(0_u64)), |count| *count.lock() += 1),
        with(
            "`std::sync::Mutex`",
            || leak(Mutex::new(0_u64)),
            |count| {
                *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            },
        ),
        coarse_clock(),
        two_instants(),
    ]
}

/// The call after one doing of `part`, to which each thread has a clone of what `make` made.
fn with<S>(name: &str, make: fn() -> S, part: impl Fn(&S) + Copy + Send + Sync + 'static) -> Subject
where
    S: Clone + Send + Sync + 'static,
{
    Subject::new(name, Role::Reference, move || {
        let state = make();
        move |traffic, calls| {
            drive(traffic, calls, |request| {
                part(&state);
                service(request).map_err(failed)
            })
        }
    })
}

/// Two lines, because processors fetch the neighbour of a line along with it.
#[derive(Default)]
#[repr(align(128))]
struct Line(AtomicU64);

fn shared_line() -> &'static Line {
    leak(Line::default())
}

/// Each clone is another line.
#[derive(Default)]
struct OwnLine(Box<Line>);

impl Clone for OwnLine {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::ops::Deref for OwnLine {
    type Target = AtomicU64;

    fn deref(&self) -> &AtomicU64 {
        &self.0.0
    }
}
