//! How long the calls of a trace took.

use super::{
    Frame,
    axis::{magnitude, ticks, value_label, value_step},
    page::{Anchor, LEFT, LEFT_EDGE, Page, RIGHT, Style, colour},
};

const HEIGHT: f64 = 110.0;

/// From which value to which, and by powers of ten where that is far.
struct Scale {
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Scale {
    fn new(latencies: &[(f64, f64)]) -> Self {
        let most = latencies.iter().map(|(_, high)| *high).fold(0.0, f64::max);
        let positive = latencies.iter().map(|(median, _)| *median).filter(|median| *median > 0.0);
        let least = positive.fold(f64::INFINITY, f64::min).min(most);
        if most <= 0.0 {
            return Self { from: 0.0, to: 0.001, logarithmic: false };
        }
        if most / least > 20.0 {
            let (from, to) = (10_f64.powi(magnitude(least)), 10_f64.powi(magnitude(most * 0.999) + 1));
            return Self { from, to, logarithmic: true };
        }
        let step = value_step(most);
        Self { from: 0.0, to: (most / step).ceil() * step, logarithmic: false }
    }

    fn y(&self, value: f64, top: f64) -> f64 {
        let share = if self.logarithmic {
            (value.max(self.from) / self.from).log10() / (self.to / self.from).log10()
        } else {
            value / self.to
        };
        top + HEIGHT * (1.0 - share.clamp(0.0, 1.0))
    }

    fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            return (magnitude(self.from * 1.001)..=magnitude(self.to * 1.001))
                .map(|power| 10_f64.powi(power))
                .collect();
        }
        ticks(value_step(self.to), self.to).collect()
    }
}

pub(super) fn draw(page: &mut Page, frame: &Frame<'_>, top: f64) -> f64 {
    let latencies = frame.buckets.latencies(frame.trace);
    let known: Vec<_> = latencies.iter().copied().flatten().collect();
    let scale = Scale::new(&known);

    let title = if scale.logarithmic { "latency, by powers of ten" } else { "latency" };
    page.text(LEFT_EDGE, top + 10.0, title, Style::size(14.0).colour(colour::QUIET));
    sample(page, RIGHT - 250.0, top + 5.0, 2.4, "median");
    sample(page, RIGHT - 152.0, top + 5.0, 1.2, "95th percentile");
    let top = top + 24.0;
    let bottom = top + HEIGHT;

    frame.axis.grid(page, top, bottom);
    for tick in scale.ticks() {
        let y = scale.y(tick, top);
        page.line((LEFT, y), (RIGHT, y), colour::GRID, 1.0);
        let style = Style::size(13.0).colour(colour::QUIET).anchor(Anchor::End);
        page.text(LEFT - 8.0, y + 4.5, &in_seconds(tick), style);
    }

    // A gap in the traffic is one in the line.
    let mut start = 0;
    for piece in latencies.split(Option::is_none) {
        let points: Vec<_> = piece.iter().flatten().enumerate().collect();
        let x = |index: usize| frame.axis.x(frame.buckets.start(start + index) + frame.buckets.width / 2.0);
        let medians: Vec<_> = points.iter().map(|(index, both)| (x(*index), scale.y(both.0, top))).collect();
        let highs: Vec<_> = points.iter().map(|(index, both)| (x(*index), scale.y(both.1, top))).collect();
        if !points.is_empty() {
            let around: Vec<_> = highs.iter().chain(medians.iter().rev()).copied().collect();
            page.path(&around, None, colour::LATENCY_AREA);
            page.path(&highs, Some(1.2), colour::LATENCY);
            page.path(&medians, Some(2.4), colour::LATENCY);
        }
        start += piece.len() + 1;
    }
    page.line((LEFT, bottom), (RIGHT, bottom), colour::AXIS, 1.0);
    frame.axis.labels(page, bottom + 2.0);
    bottom + 20.0
}

fn sample(page: &mut Page, x: f64, y: f64, width: f64, label: &str) {
    page.line((x, y), (x + 24.0, y), colour::LATENCY, width);
    page.text(x + 31.0, y + 5.0, label, Style::size(14.0));
}

fn in_seconds(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value >= 1.0 => format!("{} s", value_label(value)),
        value if value >= 0.001 => format!("{} ms", value_label(value * 1000.0)),
        value if value >= 0.000_001 => format!("{} µs", value_label(value * 1_000_000.0)),
        value => format!("{} ns", value_label(value * 1_000_000_000.0)),
    }
}
