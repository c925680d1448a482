//! What a policy would have done to recorded traffic: what the program `replay` is made of.
//!
//! The runtime itself does it: a [`CircuitBreaker`](fluxgate::CircuitBreaker) on a manual clock is driven by hand
//! through the rows of a [trace](trace::Trace), and watched.

pub mod arguments;
pub mod comparison;
pub mod driver;
pub mod failure;
mod outages;
mod outputs;
pub mod picture;
pub mod policy;
mod progress;
pub mod replayed;
pub mod seconds;
mod summary;
pub mod trace;

use std::{
    ffi::OsString,
    io::{self, ErrorKind, Write},
};

use clap::Parser;

use crate::{
    arguments::Arguments, failure::Failure, outputs::Outputs, policy::Policy, progress::Progress, replayed::Replayed,
    trace::Trace,
};

/// The program, without its process: `arguments` begin with its name, and what it prints goes to `stdout`.
///
/// # Errors
///
/// If it was asked for something that can't be. Then no output file has been touched.
pub fn run<A>(arguments: impl IntoIterator<Item = A>, stdout: &mut impl Write) -> Result<(), Failure>
where
    A: Into<OsString> + Clone,
{
    let arguments = Arguments::try_parse_from(arguments)?;
    let policies = Policy::all_of(&arguments);
    Policy::check(&policies)?;
    let mut outputs = Outputs::new(&arguments)?;
    let trace = Trace::read(&arguments.trace)?;

    let replays = replay_all(&trace, &policies)?;
    let compared = arguments.svg.is_some() || replays.len() > 1;
    let figures = if compared { comparison::figures(&trace, &replays) } else { Vec::new() };
    if let Some(calls) = &mut outputs.calls {
        calls.write(|file| write_calls(file, &trace, &replays[0]))?;
    }
    if let Some(svg) = &mut outputs.svg {
        svg.write(|file| file.write_all(picture::draw(&trace, &replays, &figures).as_bytes()))?;
    }
    outputs.put_in_place()?;

    let mut summary = summary::of(&trace, &policies[0], &replays[0]);
    if replays.len() > 1 {
        summary.push_str("\ncomparison\n");
        summary.push_str(&comparison::text(&figures));
    }
    match stdout.write_all(summary.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::new(format!("standard output: {error}"))),
    }
}

/// Replays the trace under each of the policies.
///
/// # Errors
///
/// If one of them can't be built.
pub fn replay_all(trace: &Trace, policies: &[Policy]) -> Result<Vec<Replayed>, Failure> {
    let progress = Progress::new(trace.rows.len() * policies.len());
    policies
        .iter()
        .map(|policy| Replayed::new(trace, policy, |rows| progress.add(rows)).map_err(Failure::Mistakes))
        .collect()
}

fn write_calls(file: &mut dyn Write, trace: &Trace, replayed: &Replayed) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(["at", "decision", "state"])?;
    for (index, (decision, state)) in replayed.decisions.iter().zip(&replayed.states).enumerate() {
        writer.write_record([trace.time_as_written(index), decision.as_str(), state.as_str()])?;
    }
    writer.flush()
}
