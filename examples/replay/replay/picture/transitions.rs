//! The transitions of a breaker: a number each above the band, and a list that says why.

use super::{
    axis::TimeAxis,
    band,
    page::{Anchor, LEFT_EDGE, Page, RIGHT, Style, colour},
};
use crate::replayed::Transition;

/// A number above the band, or two of several transitions that lie close together.
pub(super) struct Mark {
    pub(super) x: f64,
    pub(super) label_x: f64,
    pub(super) label: String,
}

/// The transitions on the page. Numbers that would overlap are joined, as in `3–5`.
pub(super) fn marks(axis: &TimeAxis, transitions: &[Transition]) -> Vec<Mark> {
    const GAP: f64 = 6.0;
    let style = Style::size(12.0);
    // First and last number, where they lie, and how wide their label is.
    let mut groups: Vec<(usize, usize, f64, f64)> = Vec::new();
    let label = |first: usize, last: usize| if first == last { first.to_string() } else { format!("{first}–{last}") };
    let place = |(first, last, from, to): (usize, usize, f64, f64)| {
        let half = style.width(&label(first, last)) / 2.0;
        let middle = f64::midpoint(from, to).min(RIGHT - half);
        (middle - half, middle + half)
    };
    for (index, transition) in transitions.iter().enumerate() {
        let x = axis.x_at(transition.at);
        let mut group = (index + 1, index + 1, x, x);
        while let Some(&previous) = groups.last() {
            if place(previous).1 + GAP <= place(group).0 {
                break;
            }
            group = (previous.0, group.1, previous.2, group.3);
            groups.pop();
        }
        groups.push(group);
    }
    let mark = |group: &(usize, usize, f64, f64)| {
        let (from, to) = place(*group);
        Mark { x: group.2, label_x: f64::midpoint(from, to), label: label(group.0, group.1) }
    };
    groups.iter().map(mark).collect()
}

/// Lists the first transitions, in two columns if they are short enough, and says how many more there are.
pub(super) fn list(page: &mut Page, axis: &TimeAxis, transitions: &[Transition], alone: bool, top: f64) -> f64 {
    const LINE: f64 = 19.0;
    const GAP: f64 = 20.0;
    let style = Style::size(13.0);
    let whole = RIGHT - LEFT_EDGE;
    let half = (whole - GAP) / 2.0;
    let most_lines = if alone { 12 } else { 5 };
    let entries: Vec<_> =
        transitions.iter().take(2 * most_lines).map(|transition| Entry::new(axis, transition)).collect();
    let columns = if entries.len() > 1 && entries.iter().all(|entry| entry.width(style) <= half) { 2 } else { 1 };
    let shown = entries.len().min(columns * most_lines);
    let lines = shown.div_ceil(columns);
    let mut y = top;
    for (index, entry) in entries.iter().take(shown).enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "a few lines")]
        let (column, line) = ((index / lines) as f64, (index % lines) as f64);
        let width = if columns == 2 { half } else { whole };
        entry.draw(page, index + 1, LEFT_EDGE + column * (half + GAP), top + 12.0 + line * LINE, width);
        y = f64::max(y, top + (line + 1.0) * LINE);
    }
    let more = transitions.len() - shown;
    let told = match (transitions.len(), more) {
        (0, _) => "no transitions".to_owned(),
        (_, 0) => return y,
        (_, more) => format!("and {more} more, which the summary lists"),
    };
    page.text(LEFT_EDGE + 24.0, y + 12.0, &told, style.colour(colour::QUIET));
    y + LINE
}

struct Entry {
    time: String,
    states: String,
    reason: String,
}

/// Where the parts of an entry begin.
const TIME_ENDS: f64 = 84.0;
const STATES: f64 = 94.0;
const REASON: f64 = 226.0;

impl Entry {
    fn new(axis: &TimeAxis, transition: &Transition) -> Self {
        let states = format!("{} → {}", band::label(transition.from), band::label(transition.to));
        let time = format!("{:.1} s", transition.at.as_secs_f64() - axis.from);
        Self { time, states, reason: transition.reason.to_string() }
    }

    fn width(&self, style: Style) -> f64 {
        REASON + style.width(&self.reason)
    }

    fn draw(&self, page: &mut Page, number: usize, x: f64, y: f64, width: f64) {
        let style = Style::size(13.0);
        page.text(x + 20.0, y, &number.to_string(), style.bold().anchor(Anchor::End));
        page.text(x + TIME_ENDS, y, &self.time, style.colour(colour::QUIET).anchor(Anchor::End));
        page.text(x + STATES, y, &self.states, style);
        page.text(x + REASON, y, &style.fitting(&self.reason, width - REASON), style.colour(colour::QUIET));
    }
}
