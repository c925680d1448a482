//! The cost of a call through Fluxgate, side by side with its peers.
//!
//! ```sh
//! cargo run --release --manifest-path fluxgate/benches/Cargo.toml -- --markdown table.md
//! ```

mod allocation;
mod goal;
mod machine;
mod measure;
mod scenarios;
mod subjects;
mod table;
mod traffic;
mod turns;

use std::{
    fmt::{self, Write as _},
    fs,
    path::PathBuf,
};

use anyhow::Context as _;
use clap::Parser;
use scenarios::Topic;
use subjects::{breaker, circuitbreaker_rs, failsafe, nobreak, recloser, tower_resilience};
use table::Table;

/// Measures what a call through Fluxgate costs, side by side with its peers.
#[derive(Parser)]
struct Arguments {
    /// Takes seconds instead of minutes; the numbers are rough.
    #[arg(long)]
    quick: bool,
    /// Writes what is printed to a file too.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Measures that alone; may be given several times.
    #[arg(long, value_enum, value_name = "SCENARIO")]
    only: Vec<Topic>,
}

const HOW_TO_READ: &str = "\
Nanoseconds per call and thread that a breaker adds to the bare call; the row *bare call* shows its full time. All \
subjects of a scenario take turns in every round, and the bare call of the same round is subtracted. For 1 thread, \
the table shows the least disturbed round; for 2 threads, which share one breaker, the median of all rounds. A \
rejected call does not run, so there the empty loop is subtracted. Allocations are per call.";

const LEFT_OUT: &str = "On 2 threads, rounds in which the threads barely overlapped or lost a core are left out";

const PEERS: [(&str, &str); 6] = [
    (recloser::NAME, recloser::NOTE),
    (failsafe::NAME, failsafe::NOTE),
    (nobreak::NAME, nobreak::NOTE),
    (breaker::NAME, breaker::NOTE),
    (circuitbreaker_rs::NAME, circuitbreaker_rs::NOTE),
    (tower_resilience::NAME, tower_resilience::NOTE),
];

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let report = report(&arguments)?;
    print!("{report}");
    if let Some(file) = &arguments.markdown {
        fs::write(file, &report).with_context(|| format!("can't write {}", file.display()))?;
    }
    Ok(())
}

fn report(arguments: &Arguments) -> Result<String, fmt::Error> {
    let chosen = |topic: Topic| arguments.only.is_empty() || arguments.only.contains(&topic);
    let mut report = format!("{}\n\n", machine::facts());
    if arguments.quick {
        writeln!(report, "A quick run: the numbers are rough.\n")?;
    }

    let scenarios: Vec<_> = scenarios::all().into_iter().filter(|scenario| chosen(scenario.topic)).collect();
    if !scenarios.is_empty() {
        let mut table = Table::of_calls();
        let mut met = 1.0_f64;
        for scenario in &scenarios {
            eprintln!("{} …", scenario.name);
            let rows = measure::run(scenario, arguments.quick);
            table.scenario(scenario.name, &rows);
            met = rows.iter().map(|row| row.met).fold(met, f64::min);
        }
        let met = met * 100.0;
        writeln!(report, "{HOW_TO_READ}\n\n{table}")?;
        writeln!(report, "{LEFT_OUT}. Of the rounds of each subject, at least {met:.0} % remain.\n")?;
    }
    if chosen(Topic::Memory) {
        eprintln!("memory …");
        writeln!(report, "Memory of an idle breaker in bytes, including its handle:\n\n{}", allocation::held())?;
    }
    writeln!(report, "Configuration of the other circuit breakers:\n")?;
    for (name, note) in PEERS {
        writeln!(report, "- `{name}` {}: {note}.", machine::version(name))?;
    }
    Ok(report)
}
