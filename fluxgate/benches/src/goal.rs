use std::fmt;

use crate::measure::Measured;

/// The goal of a row, on one thread and on two.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At most so many nanoseconds a call.
    AtMost([f64; 2]),
    /// Like the one above, without an allocation.
    AtMostWithoutAllocating([f64; 2]),
    /// At most so many nanoseconds more than the row of that name.
    Above { row: &'static str, by: f64 },
    /// At most so many more, on one thread and on two, and no allocation.
    AboveWithoutAllocating { row: &'static str, by: [f64; 2] },
    /// As much time as the row of that name.
    SameAs(&'static str),
    /// A peer: at least so many times what Fluxgate takes.
    Times([Option<f64>; 2]),
}

/// Two measurements of the same thing differ by so much.
const SAME_RATIO: f64 = 1.2;
const SAME_NANOS: f64 = 1.0;

/// Below this, Fluxgate's own time is within what the loop's layout makes of it, and a ratio means nothing.
const LEAST_NANOS: f64 = 0.1;

/// Returns the time as a multiple of `ours`.
pub(crate) fn ratio(theirs: f64, ours: f64) -> f64 {
    theirs / ours.max(LEAST_NANOS)
}

impl Goal {
    /// Returns whether `row` meets the goal, where `rows` are all of its scenario. `None` if a number to judge by is missing.
    pub(crate) fn met(self, row: &Measured, rows: &[Measured]) -> Option<bool> {
        let asked = (0..2).filter(|&index| !matches!(self, Self::Times(ratios) if ratios[index].is_none()));
        let verdicts: Vec<Option<bool>> = asked.map(|index| self.met_at(index, row, rows)).collect();
        if verdicts.contains(&Some(false)) {
            return Some(false);
        }
        verdicts.into_iter().collect::<Option<Vec<bool>>>().map(|_| true)
    }

    fn met_at(self, index: usize, row: &Measured, rows: &[Measured]) -> Option<bool> {
        let nanos = row.nanos[index]?;
        let of = |name: &str| rows.iter().find(|other| other.name == name)?.nanos[index];
        Some(match self {
            Self::AtMost(limits) => nanos <= limits[index],
            Self::AtMostWithoutAllocating(limits) => nanos <= limits[index] && row.allocations == 0.0,
            Self::Above { row, by } => nanos <= of(row)? + by,
            Self::AboveWithoutAllocating { row: other, by } => {
                nanos <= of(other)? + by[index] && row.allocations == 0.0
            }
            Self::SameAs(row) => nanos <= of(row)? * SAME_RATIO + SAME_NANOS,
            Self::Times(ratios) => ratio(nanos, Measured::ours(rows)?.nanos[index]?) >= ratios[index]?,
        })
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost([one, two]) => write!(formatter, "≤ {one} / ≤ {two}"),
            Self::AtMostWithoutAllocating([one, two]) => write!(formatter, "≤ {one} / ≤ {two}, no allocation"),
            Self::Above { row, by } => write!(formatter, "≤ {row} + {by}"),
            Self::AboveWithoutAllocating { row, by: [one, two] } => {
                write!(formatter, "≤ {row} + {one} / + {two}, no allocation")
            }
            Self::SameAs(row) => write!(formatter, "as `{row}`"),
            Self::Times(ratios) => {
                let [one, two] =
                    ratios.map(|ratio| ratio.map_or_else(|| "–".to_owned(), |ratio| format!("≥ {ratio}×")));
                write!(formatter, "{one} / {two}")
            }
        }
    }
}
