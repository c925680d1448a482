//! Breakers under load for as long as you like, with an outage every few seconds.
//!
//! ```sh
//! cargo run --release -p fluxgate-examples-soak --example soak -- --for 600
//! ```
//!
//! A thousand breakers guard as many services; ten thousand tasks call them: async with a time-out of the caller's, sync
//! with a panic now and then, and by hand. Every two seconds a third of the services fails, or hangs. All the time it is
//! watched that no breaker lets too many probes in, and at the end that each has closed, that every call was counted once
//! and that memory has not grown. It ends with 1 if anything of that is not so.

mod load;

use std::{process::ExitCode, time::Duration};

use load::{Plan, run};

const USAGE: &str = "usage: soak [--for SECONDS] [--breakers NUMBER] [--tasks NUMBER]";

fn plan(mut arguments: impl Iterator<Item = String>) -> Option<Plan> {
    let mut plan = Plan { breakers: 1_000, tasks: 10_000, lasting: Duration::from_secs(10) };
    while let Some(name) = arguments.next() {
        let value: u32 = arguments.next()?.parse().ok().filter(|value| *value > 0)?;
        match name.as_str() {
            "--for" => plan.lasting = Duration::from_secs(value.into()),
            "--breakers" => plan.breakers = value as usize,
            "--tasks" => plan.tasks = value as usize,
            _ => return None,
        }
    }
    Some(plan)
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(plan) = plan(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    println!("{} breakers, {} tasks, {:?}", plan.breakers, plan.tasks, plan.lasting);
    let report = run(plan).await;
    println!("{report}");
    if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
