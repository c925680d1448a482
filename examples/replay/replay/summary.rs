//! What is printed of a replay.

use std::fmt::{self, Write};

use fluxgate::State;

use crate::{
    policy::Policy,
    replayed::{Counts, Replayed},
    seconds::{brief, rounded},
    trace::{Event, Outcome, Trace},
};

const OUTCOMES: [Outcome; 4] = [Outcome::Ok, Outcome::Fail, Outcome::Ignored, Outcome::Cancelled];

pub(crate) fn of(trace: &Trace, policy: &Policy, replayed: &Replayed) -> String {
    let mut text = String::new();
    // Writing into a `String` can't fail.
    let _ = write(&mut text, trace, policy, replayed);
    text
}

fn write(text: &mut String, trace: &Trace, policy: &Policy, replayed: &Replayed) -> fmt::Result {
    let end = trace.end();
    let counts = replayed.counts(trace);
    let calls = counts.all_admitted() + counts.all_rejected();
    let commands = trace.rows.iter().filter(|row| matches!(row.event, Event::Command(_))).count();
    let commands = match commands {
        0 => String::new(),
        1 => " and 1 command".to_owned(),
        several => format!(" and {several} commands"),
    };
    writeln!(text, "{}: {calls} calls{commands} in {}\n\n{policy}\n", trace.name, rounded(end))?;
    write_counts(text, &counts, calls)?;

    writeln!(text, "\ntime in")?;
    for &state in State::ALL {
        let time = replayed.time_in(state, end);
        if !time.is_zero() {
            let share = share(time.as_secs_f64(), end.as_secs_f64());
            writeln!(text, "  {:<26}{:>10}{share:>10}", state.as_str(), rounded(time))?;
        }
    }

    writeln!(text, "\ntransitions{:>27}", replayed.transitions.len())?;
    for transition in &replayed.transitions {
        let states = format!("{} -> {}", transition.from, transition.to);
        writeln!(text, "  {:>14}  {states:<24}  {}", brief(transition.at), transition.reason)?;
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "shares are shown to a tenth of a percent")]
fn write_counts(text: &mut String, counts: &Counts, calls: u64) -> fmt::Result {
    let mut line =
        |label: &str, count: u64| writeln!(text, "{label:<28}{count:>10}{:>10}", share(count as f64, calls as f64));
    line("calls", calls)?;
    line("admitted", counts.all_admitted())?;
    for outcome in OUTCOMES {
        if counts.admitted[outcome as usize] > 0 {
            let label = told(outcome).trim_start_matches("been ");
            line(&format!("  {label}"), counts.admitted[outcome as usize])?;
        }
    }
    line("rejected", counts.all_rejected())?;
    for outcome in OUTCOMES {
        if counts.rejected[outcome as usize] > 0 {
            line(&format!("  would have {}", told(outcome)), counts.rejected[outcome as usize])?;
        }
    }
    Ok(())
}

/// How calls ended, or would have.
fn told(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "succeeded",
        Outcome::Fail => "failed",
        Outcome::Ignored => "been ignored",
        Outcome::Cancelled => "been cancelled",
    }
}

fn share(part: f64, whole: f64) -> String {
    if whole > 0.0 { format!("{:.1} %", 100.0 * part / whole) } else { String::new() }
}
