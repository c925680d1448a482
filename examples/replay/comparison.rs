//! Several trippers over one trace, side by side.

use crate::{
    outages::{Detection, detection, outages},
    replayed::Replayed,
    seconds::rounded,
    trace::Trace,
};
use fluxgate::State;

/// The columns of the table.
pub const COLUMNS: [&str; 6] = ["tripper", "time open", "harm", "spared", "detected after", "transitions"];

/// A row for each replay.
pub fn rows(trace: &Trace, replays: &[Replayed]) -> Vec<[String; 6]> {
    let end = trace.end();
    let outages = outages(trace);
    replays
        .iter()
        .map(|replayed| {
            let counts = replayed.counts(trace);
            let open = replayed.time_in(State::Open, end) + replayed.time_in(State::ForcedOpen, end);
            [
                replayed.tripper.to_string(),
                rounded(open),
                counts.harm().to_string(),
                counts.spared().to_string(),
                shown(detection(replayed, &outages, end)),
                replayed.transitions.len().to_string(),
            ]
        })
        .collect()
}

fn shown(detection: Detection) -> String {
    match detection {
        Detection { outages: 0, .. } => "no outage".to_owned(),
        Detection { outages: 1, detected: 0, .. } => "missed".to_owned(),
        Detection { outages: 1, after, .. } => rounded(after),
        Detection { outages, detected: 0, .. } => format!("missed all {outages}"),
        Detection { outages, detected, after } => format!("{}, {detected} of {outages}", rounded(after)),
    }
}

/// The table for a terminal, with what its columns mean.
pub fn text(trace: &Trace, replays: &[Replayed]) -> String {
    let rows = rows(trace, replays);
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([COLUMNS[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |cells: [&str; 6]| {
        // The tripper last, for it may be long.
        let figures: Vec<_> = (1..6).map(|column| format!("{:>1$}", cells[column], widths[column])).collect();
        format!("{}   {}\n", figures.join("   "), cells[0])
    };
    let mut text = line(COLUMNS);
    for row in &rows {
        text.push_str(&line(std::array::from_fn(|column| row[column].as_str())));
    }
    text.push_str(
        "\nharm: rejected calls that would have succeeded; spared: rejected calls that would have failed;\n\
         detected after: from the first bad call of an outage until the breaker opened, on average over the outages\n\
         that it noticed. An outage begins with 5 bad calls among 10, and is over when 10 in a row were good; bad is a\n\
         call that failed, or took more than ten times the median of the successful ones.\n",
    );
    text
}
