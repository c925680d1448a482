//! Makes the traces that the examples ship with: five ways in which a service fails, each the same in every run.
//!
//! ```text
//! cargo run --example make_traces                 # writes examples/traces/*.csv
//! cargo run --example make_traces -- FOLDER       # writes them elsewhere
//! ```
//!
//! | trace | what happens |
//! |---|---|
//! | `outage` | the service hangs for a few seconds, then refuses connections, then is well again |
//! | `brown_out` | it slows down thirtyfold, and hardly fails |
//! | `flapping` | it fails for 8 s, is well for 12 s, and so on |
//! | `deploy_blip` | two deployments, each a few seconds of refused connections |
//! | `retry_storm` | a short outage; each failed call is tried again three times, and that load keeps the service down |

use std::{cmp::Reverse, collections::BinaryHeap, env, fmt::Write, fs, io, path::PathBuf};

use fastrand::Rng;

/// Milliseconds.
type Time = u64;

const SECOND: Time = 1000;

/// How a call ends, and after how long.
type End = (&'static str, Time);

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map_or_else(|| PathBuf::from("examples/traces"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    for (name, trace) in [
        ("outage", steady(1, outage)),
        ("brown_out", steady(2, brown_out)),
        ("flapping", steady(3, flapping)),
        ("deploy_blip", steady(4, deploy_blip)),
        ("retry_storm", retry_storm()),
    ] {
        fs::write(folder.join(format!("{name}.csv")), trace)?;
    }
    Ok(())
}

/// Four minutes of about ten calls a second, to a service that does at each time what `service` says.
fn steady(seed: u64, service: impl Fn(&mut Rng, Time) -> End) -> String {
    let mut random = Rng::with_seed(seed);
    let mut trace = String::from("at,outcome,duration\n");
    let mut now = 0;
    while now < 240 * SECOND {
        let end = service(&mut random, now);
        push(&mut trace, now, end);
        now += random.u64(20..180);
    }
    trace
}

fn push(trace: &mut String, at: Time, (outcome, duration): End) {
    let parts = [at / SECOND, at % SECOND, duration / SECOND, duration % SECOND];
    // Writing into a `String` can't fail.
    let _ = writeln!(trace, "{}.{:03},{outcome},{}.{:03}", parts[0], parts[1], parts[2], parts[3]);
}

/// A call of about `typical` milliseconds: now and then it takes three times as long.
fn well(random: &mut Rng, typical: Time) -> End {
    let usual = typical * random.u64(60..140) / 100;
    let duration = if random.u8(..) < 10 { usual * 3 } else { usual };
    let outcome = match random.u8(..) {
        0..2 => "fail",
        // A request that the service was right to refuse.
        2..5 => "ignored",
        _ => "ok",
    };
    (outcome, duration)
}

fn refused(random: &mut Rng) -> End {
    ("fail", random.u64(2..12))
}

fn outage(random: &mut Rng, now: Time) -> End {
    match now / SECOND {
        60..65 if random.u8(..) < 128 => ("cancelled", 2 * SECOND),
        60..65 => ("fail", random.u64(1500..2500)),
        65..150 if random.u8(..) < 246 => refused(random),
        _ => well(random, 80),
    }
}

fn brown_out(random: &mut Rng, now: Time) -> End {
    let slower = match now / SECOND {
        60..90 => now / SECOND - 60,
        90..150 => 30,
        150..170 => 171 - now / SECOND,
        _ => 1,
    };
    well(random, 80 * slower.max(1))
}

fn flapping(random: &mut Rng, now: Time) -> End {
    let second = now / SECOND;
    let bad = (40..200).contains(&second) && (second - 40) % 20 < 8;
    if bad && random.u8(..) < 205 { refused(random) } else { well(random, 80) }
}

fn deploy_blip(random: &mut Rng, now: Time) -> End {
    match now / SECOND {
        60..63 => refused(random),
        150..154 if random.bool() => refused(random),
        _ => well(random, 80),
    }
}

/// Six customers a second, each with three retries, 0.2 s, 0.4 s and 0.8 s after a failure. The service is down for ten
/// seconds, and fails as well while more than 14 calls a second come in. In the end some customers stay away.
fn retry_storm() -> String {
    let mut random = Rng::with_seed(5);
    let mut trace = String::from("at,outcome,duration\n");
    let mut calls = BinaryHeap::new();
    let mut now = 0;
    while now < 240 * SECOND {
        calls.push(Reverse((now, 0)));
        let gap = if (130 * SECOND..160 * SECOND).contains(&now) { 400..1600 } else { 100..234 };
        now += random.u64(gap);
    }
    let mut recent: Vec<Time> = Vec::new();
    while let Some(Reverse((now, attempt))) = calls.pop() {
        recent.retain(|earlier| now - earlier < SECOND);
        recent.push(now);
        let down = (60 * SECOND..70 * SECOND).contains(&now);
        let overloaded = recent.len() > 14;
        let end = match (down, overloaded) {
            (false, false) => well(&mut random, 80),
            (false, true) if random.u8(..) < 40 => ("ok", random.u64(700..1000)),
            _ => ("fail", random.u64(400..1000)),
        };
        push(&mut trace, now, end);
        if end.0 == "fail" && attempt < 3 {
            calls.push(Reverse((now + end.1 + (200 << attempt), attempt + 1)));
        }
    }
    trace
}
