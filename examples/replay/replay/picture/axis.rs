//! Where a time or a value lies, and which of them are labelled.

use std::time::Duration;

use super::page::{Anchor, LEFT, Page, RIGHT, Style, colour};

/// The time that the page shows.
pub(super) struct TimeAxis {
    /// Seconds.
    pub(super) from: f64,
    pub(super) to: f64,
    step: f64,
}

/// Steps that people count in, in seconds.
const STEPS: [f64; 21] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    1800.0, 3600.0,
];

/// The first step, or as many of the last as are needed, by which no more than `most` make `span`.
pub(super) fn step(span: f64, most: f64) -> f64 {
    let last = STEPS[STEPS.len() - 1];
    STEPS.into_iter().find(|step| span / step <= most).unwrap_or_else(|| last * (span / most / last).ceil())
}

impl TimeAxis {
    /// From the beginning of time, unless nothing happens for most of it.
    pub(super) fn new(first: Duration, end: Duration) -> Self {
        let (first, end) = (first.as_secs_f64(), end.as_secs_f64());
        let starts_late = first > end / 2.0;
        let step = step(if starts_late { end - first } else { end }, 9.0);
        let from = if starts_late { (first / step).floor() * step } else { 0.0 };
        Self { from, to: if end > from { end } else { from + 1.0 }, step }
    }

    pub(super) fn x(&self, seconds: f64) -> f64 {
        LEFT + (seconds - self.from).clamp(0.0, self.to - self.from) / (self.to - self.from) * (RIGHT - LEFT)
    }

    pub(super) fn x_at(&self, time: Duration) -> f64 {
        self.x(time.as_secs_f64())
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        ticks(self.step, self.to - self.from).map(|tick| self.from + tick)
    }

    /// A line down the plot for each tick.
    pub(super) fn grid(&self, page: &mut Page, top: f64, bottom: f64) {
        for tick in self.ticks() {
            page.line((self.x(tick), top), (self.x(tick), bottom), colour::GRID, 1.0);
        }
    }

    /// The ticks' labels, from `y` on downwards: the time since the page begins.
    pub(super) fn labels(&self, page: &mut Page, y: f64) {
        let style = Style::size(13.0).colour(colour::QUIET);
        for tick in self.ticks() {
            let (x, label) = (self.x(tick), self.label(tick - self.from));
            let half = style.width(&label) / 2.0;
            if x + half > RIGHT {
                page.text(RIGHT, y + 15.0, &label, style.anchor(Anchor::End));
            } else {
                page.text(x, y + 15.0, &label, style.anchor(Anchor::Middle));
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of a clock of 584 years")]
    fn label(&self, tick: f64) -> String {
        let whole = tick.round() as u64;
        let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
        let span = self.to - self.from;
        match self.step {
            step if step < 1.0 => format!("{} s", (tick * 1000.0).round() / 1000.0),
            _ if span < 120.0 => format!("{whole} s"),
            step if step < 60.0 => format!("{}:{seconds:02} min", whole / 60),
            _ if span < 7200.0 => format!("{} min", whole / 60),
            _ => format!("{hours}:{minutes:02} h"),
        }
    }
}

/// A step for values from 0 to `most`: 1, 2 or 5 times a power of ten, three or four of them.
pub(super) fn value_step(most: f64) -> f64 {
    let power = 10_f64.powi(magnitude(most / 4.0));
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| most / step <= 4.0).unwrap_or(power)
}

/// From 0 in steps to `most`, which is no step too far to be drawn.
pub(super) fn ticks(step: f64, most: f64) -> impl Iterator<Item = f64> {
    const MOST: u32 = 20;
    (0..MOST).map(move |index| f64::from(index) * step).take_while(move |tick| *tick <= most * 1.000_001)
}

/// The power of ten at or below a value.
#[allow(clippy::cast_possible_truncation, reason = "the powers of ten of a float fit")]
pub(super) fn magnitude(value: f64) -> i32 {
    value.log10().floor() as i32
}

/// A value as a label shows it.
pub(super) fn value_label(value: f64) -> String {
    if value >= 10_000.0 { format!("{}k", value / 1000.0) } else { format!("{}", (value * 1000.0).round() / 1000.0) }
}
