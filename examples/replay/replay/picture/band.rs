//! The states of a breaker, as a band.

use fluxgate::State;

use super::{
    Frame,
    page::{Anchor, LEFT, Page, RIGHT, Style, colour},
    transitions::Mark,
};
use crate::replayed::{Replayed, Stay};

const HEIGHT: f64 = 24.0;
const MARKS: f64 = 20.0;

/// How the page calls a state.
pub(super) fn label(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half-open",
        State::MetricsOnly => "metrics only",
        State::Disabled => "disabled",
        State::ForcedOpen => "forced open",
    }
}

/// Draws the numbers of the transitions, and below them the band.
pub(super) fn draw(page: &mut Page, frame: &Frame<'_>, replayed: &Replayed, marks: &[Mark], top: f64) -> f64 {
    let band = top + MARKS;
    let style = Style::size(13.0);
    for stay in visible(&replayed.stays(frame.end), frame) {
        let (from, to) = (frame.axis.x_at(stay.from), frame.axis.x_at(stay.to));
        // Half a unit more, so that no seam shows; no stay is too short to be seen.
        let width = (to - from + 0.5).max(1.0).min(RIGHT - from);
        page.rectangle((from, band), (width, HEIGHT), colour::of(stay.state));
        if style.width(label(stay.state)) + 24.0 < to - from {
            let style = style.colour(colour::on(stay.state)).anchor(Anchor::Middle);
            page.text(f64::midpoint(from, to), band + 16.5, label(stay.state), style);
        }
    }
    for mark in marks {
        page.line((mark.x, band - 4.0), (mark.x, band + HEIGHT), colour::TEXT, 0.8);
        page.text(mark.label_x, band - 7.0, &mark.label, Style::size(12.0).colour(colour::TEXT).anchor(Anchor::Middle));
    }
    page.text(LEFT - 8.0, band + 16.5, "state", Style::size(13.0).colour(colour::QUIET).anchor(Anchor::End));
    band + HEIGHT
}

/// The stays, or of very many those in which the breaker was longest at each place of the page.
fn visible(stays: &[Stay], frame: &Frame<'_>) -> Vec<Stay> {
    const MOST: usize = 1000;
    if stays.len() <= MOST {
        return stays.to_vec();
    }
    let mut visible: Vec<Stay> = Vec::new();
    for stay in stays {
        match visible.last_mut() {
            Some(last) if frame.axis.x_at(stay.to) - frame.axis.x_at(last.from) < 1.0 => {
                if stay.to.saturating_sub(stay.from) > last.to.saturating_sub(last.from) {
                    last.state = stay.state;
                }
                last.to = stay.to;
            }
            _ => visible.push(*stay),
        }
    }
    visible
}
