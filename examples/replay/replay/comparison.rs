//! Several trippers over one trace, side by side.

use std::time::Duration;

use fluxgate::State;

use crate::{
    outages::{Detection, Outage, detection, outages},
    replayed::Replayed,
    seconds::rounded,
    trace::Trace,
};

/// What a tripper is judged by.
pub struct Figures {
    pub(crate) tripper: String,
    pub(crate) open: Duration,
    /// Rejected calls that would have succeeded.
    pub(crate) harm: u64,
    /// Rejected calls that would have failed.
    pub(crate) spared: u64,
    pub(crate) detection: Detection,
    pub(crate) transitions: usize,
}

const COLUMNS: [&str; 6] = ["tripper", "time open", "harm", "spared", "detected after", "transitions"];

/// What each of the replays is judged by.
pub fn figures(trace: &Trace, replays: &[Replayed]) -> Vec<Figures> {
    let outages = outages(trace);
    replays.iter().map(|replayed| Figures::new(trace, &outages, replayed)).collect()
}

impl Figures {
    fn new(trace: &Trace, outages: &[Outage], replayed: &Replayed) -> Self {
        let end = trace.end();
        let counts = replayed.counts(trace);
        Self {
            tripper: replayed.tripper.to_string(),
            open: replayed.time_in(State::Open, end) + replayed.time_in(State::ForcedOpen, end),
            harm: counts.harm(),
            spared: counts.spared(),
            detection: detection(replayed, outages, end),
            transitions: replayed.transitions.len(),
        }
    }

    fn cells(&self) -> [String; 6] {
        let Detection { outages, detected, after } = self.detection;
        let detected = match (outages, detected) {
            (0, _) => "no outage".to_owned(),
            (1, 0) => "missed".to_owned(),
            (1, _) => rounded(after),
            (_, 0) => format!("missed all {outages}"),
            _ => format!("{}, {detected} of {outages}", rounded(after)),
        };
        let counts = [self.harm.to_string(), self.spared.to_string()];
        let [harm, spared] = counts;
        [self.tripper.clone(), rounded(self.open), harm, spared, detected, self.transitions.to_string()]
    }
}

/// The table for a terminal, with what its columns mean.
pub(crate) fn text(figures: &[Figures]) -> String {
    let rows: Vec<_> = figures.iter().map(Figures::cells).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([COLUMNS[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |cells: [&str; 6]| {
        // The tripper last, for it may be long.
        let figures: Vec<_> = (1..6).map(|column| format!("{:>1$}", cells[column], widths[column])).collect();
        format!("  {}   {}\n", figures.join("   "), cells[0])
    };
    let mut text = line(COLUMNS);
    for row in &rows {
        text.push_str(&line(std::array::from_fn(|column| row[column].as_str())));
    }
    text.push_str(
        "\n  harm: rejected calls that would have succeeded; spared: rejected calls that would have failed;\n  \
         detected after: from the first bad call of an outage until the breaker opened, on average over the\n  \
         outages that it noticed. An outage begins with 5 bad calls among 10, and is over when 10 in a row were\n  \
         good; two that are less than a second apart are one. Bad is a call that failed, or took more than ten\n  \
         times the median of the successful ones.\n",
    );
    text
}

/// The rows of the table for a page in Markdown, without its header.
pub fn markdown(trace: &Trace, figures: &[Figures]) -> String {
    let row = |figures: &Figures| {
        let [tripper, figures @ ..] = figures.cells();
        let tripper = tripper.replace('|', "\\|");
        format!("| `{}` | `{tripper}` | {} |\n", trace.name.trim_end_matches(".csv"), figures.join(" | "))
    };
    figures.iter().map(row).collect()
}
