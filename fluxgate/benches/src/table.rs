//! Tables, as Markdown that reads well in a terminal too.

use std::fmt;

use crate::{goal::ratio, measure::Measured, subjects::Role};

pub(crate) struct Table {
    lines: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: &[&str]) -> Self {
        Self { lines: vec![header.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.lines.push(cells.into_iter().collect());
    }

    /// The table of times.
    pub(crate) fn of_calls() -> Self {
        Self::new(&["scenario", "subject", "1 thread", "2 threads", "× fluxgate", "allocations", "goal", "met"])
    }

    pub(crate) fn scenario(&mut self, name: &str, rows: &[Measured]) {
        for (index, row) in rows.iter().enumerate() {
            let scenario = if index == 0 { name.to_owned() } else { String::new() };
            let [one, two] = row.nanos.map(|nanos| nanos.map_or_else(missing, tenths));
            let goal = row.goal.map_or_else(missing, |goal| goal.to_string());
            let met = row.goal.and_then(|goal| goal.met(row, rows));
            let allocations = format!("{}", row.allocations);
            self.row([scenario, row.name.clone(), one, two, ratios(row, rows), allocations, goal, verdict(met)]);
        }
    }
}

/// Without the sign that a rounded zero would keep.
fn tenths(nanos: f64) -> String {
    format!("{:.1}", (nanos * 10.0).round() / 10.0 + 0.0)
}

fn missing() -> String {
    "–".to_owned()
}

pub(crate) fn verdict(met: Option<bool>) -> String {
    match met {
        Some(true) => "met".to_owned(),
        Some(false) => "**not met**".to_owned(),
        None => missing(),
    }
}

/// Returns the time of a peer as a multiple of Fluxgate's.
fn ratios(row: &Measured, rows: &[Measured]) -> String {
    let Some(ours) = Measured::ours(rows).filter(|_| row.role == Role::Peer) else { return missing() };
    let [one, two] = [0, 1].map(|index| {
        let times = row.nanos[index].zip(ours.nanos[index]).map(|(theirs, ours)| ratio(theirs, ours));
        times.map_or_else(missing, |times| format!("{times:.1}"))
    });
    format!("{one} / {two}")
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.lines.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (index, line) in self.lines.iter().enumerate() {
            for (cell, width) in line.iter().zip(&widths) {
                write!(formatter, "| {cell:width$} ")?;
            }
            writeln!(formatter, "|")?;
            if index == 0 {
                for width in &widths {
                    write!(formatter, "|{:-<1$}", "", width + 2)?;
                }
                writeln!(formatter, "|")?;
            }
        }
        Ok(())
    }
}
