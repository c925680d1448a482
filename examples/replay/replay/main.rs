//! What a policy would have done to your traffic: recorded calls in, decisions and a picture out.
//!
//! ```text
//! cargo run --release --example replay -- --tripper "FailureStreak(5)" --svg outage.svg examples/traces/outage.csv
//! cargo run --release --example replay -- --help
//! ```

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use fluxgate_replay::{failure::Failure, run};

fn main() -> ExitCode {
    let stdout = io::stdout().lock();
    match run(std::env::args_os(), &mut io::BufWriter::new(stdout)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(error)) => error.exit(),
        Err(failure) => {
            // Nobody is left to be told if this fails too.
            match write!(io::stderr(), "{failure}").map_err(|error| error.kind()) {
                Ok(()) | Err(ErrorKind::BrokenPipe | _) => ExitCode::FAILURE,
            }
        }
    }
}
