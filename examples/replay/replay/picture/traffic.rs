//! The calls that a policy admitted, above a line, and those that it rejected, below it.

use super::{
    Frame,
    axis::{ticks, value_label, value_step},
    page::{Anchor, LEFT, LEFT_EDGE, Page, RIGHT, Style, colour},
};
use crate::replayed::Replayed;

/// `busiest` is the most that any replay of this page has in a bar, above and below.
#[allow(clippy::cast_precision_loss, reason = "bars are drawn to a tenth of a unit")]
pub(super) fn draw(
    page: &mut Page,
    frame: &Frame<'_>,
    replayed: &Replayed,
    busiest: (u64, u64),
    height: f64,
    top: f64,
) -> f64 {
    let per_second = |calls: u64| calls as f64 / frame.buckets.width;
    let (above, below) = (per_second(busiest.0), per_second(busiest.1));
    let whole = if above + below > 0.0 { above + below } else { 1.0 };
    let (top, bottom) = (top + 8.0, top + 8.0 + height);
    let line = top + height * if above + below > 0.0 { above / whole } else { 1.0 };
    let unit = height / whole;

    frame.axis.grid(page, top, bottom);
    let step = value_step(above.max(below).max(1e-6));
    let label = Style::size(13.0).colour(colour::QUIET).anchor(Anchor::End);
    for (sign, most) in [(1.0, above), (-1.0, below)] {
        for tick in ticks(step, most).skip(1) {
            let y = line - sign * tick * unit;
            page.line((LEFT, y), (RIGHT, y), colour::GRID, 1.0);
            page.text(LEFT - 8.0, y + 4.5, &value_label(tick), label);
        }
    }
    page.text(LEFT - 8.0, line + 4.5, "0", label);

    for (bucket, bar) in frame.buckets.bars(frame.trace, replayed).into_iter().enumerate() {
        let start = frame.buckets.start(bucket);
        let (from, to) = (frame.axis.x(start), frame.axis.x(start + frame.buckets.width));
        let width = (to - from - 0.8).max(0.6);
        let mut y = line;
        for (count, colour) in
            [(bar.failed, colour::FAILED), (bar.neither, colour::NEITHER), (bar.succeeded, colour::SUCCEEDED)]
        {
            if count > 0 {
                y -= per_second(count) * unit;
                page.rectangle((from, y), (width, per_second(count) * unit), colour);
            }
        }
        let mut y = line;
        for (count, colour) in [(bar.harm, colour::HARM), (bar.spared, colour::SPARED)] {
            if count > 0 {
                page.rectangle((from, y), (width, per_second(count) * unit), colour);
                y += per_second(count) * unit;
            }
        }
    }
    page.line((LEFT, line), (RIGHT, line), colour::AXIS, 1.0);
    frame.axis.labels(page, bottom + 2.0);
    side_label(page, top, bottom);
    bottom + 20.0
}

fn side_label(page: &mut Page, top: f64, bottom: f64) {
    page.sideways(LEFT_EDGE + 10.0, f64::midpoint(top, bottom), "calls per second");
}
