//! One page that shows a replay at once.
//!
//! Above, how long the calls of the trace took; below that, for each policy, a band of the breaker's states, the calls
//! that it admitted and rejected, and its transitions with their reasons, by numbers that stand above the band.

mod axis;
mod band;
mod buckets;
mod latency;
mod page;
mod traffic;
mod transitions;

use std::time::Duration;

use fluxgate::State;

use crate::{
    comparison::Figures,
    outages::Detection,
    replayed::{Counts, Replayed},
    seconds::rounded,
    trace::{Outcome, Trace},
};
use axis::TimeAxis;
use buckets::Buckets;
use page::{Anchor, Page, Style, colour};

/// What all parts of the page are drawn by.
struct Frame<'a> {
    trace: &'a Trace,
    axis: TimeAxis,
    buckets: Buckets,
    end: Duration,
}

/// Draws the replays of a trace, one below the other, as SVG.
pub fn draw(trace: &Trace, replays: &[Replayed], figures: &[Figures]) -> String {
    let end = trace.end();
    let axis = TimeAxis::new(trace.rows.first().map_or(Duration::ZERO, |row| row.at), end);
    let frame = Frame { trace, buckets: Buckets::new(trace, &axis), axis, end };
    let mut page = Page::new();

    title(&mut page, &frame, replays);
    let mut top = legend(&mut page, trace, replays, end);
    top = latency::draw(&mut page, &frame, top + 6.0) + 20.0;
    let busiest = replays
        .iter()
        .map(|replayed| frame.buckets.busiest(trace, replayed))
        .fold((0, 0), |most, one| (most.0.max(one.0), most.1.max(one.1)));
    let alone = replays.len() == 1;
    for (replayed, figures) in replays.iter().zip(figures) {
        top = heading(&mut page, figures, top);
        let marks = transitions::marks(&frame.axis, &replayed.transitions);
        top = band::draw(&mut page, &frame, replayed, &marks, top);
        top = traffic::draw(&mut page, &frame, replayed, busiest, if alone { 170.0 } else { 120.0 }, top);
        top = transitions::list(&mut page, &frame.axis, &replayed.transitions, alone, top + 12.0) + 22.0;
    }
    page.finish(top - 8.0, &format!("A replay of {}", trace.name))
}

fn title(page: &mut Page, frame: &Frame<'_>, replays: &[Replayed]) {
    let calls = frame.trace.calls().count();
    let failed = frame.trace.calls().filter(|call| call.2 == Outcome::Fail).count();
    let policies = if replays.len() == 1 { "one policy".to_owned() } else { format!("{} policies", replays.len()) };
    page.text(page::LEFT_EDGE, 36.0, &frame.trace.name, Style::size(22.0).bold());
    let mut told = format!("{calls} calls in {}, {failed} failed, under {policies}", rounded(frame.end));
    if frame.axis.from > 0.0 {
        told = format!("{calls} calls, {failed} failed, under {policies}; times from {} s on", frame.axis.from);
    }
    page.text(page::RIGHT, 36.0, &told, Style::size(15.0).colour(colour::QUIET).anchor(Anchor::End));
}

/// What the colours mean, as far as they occur.
fn legend(page: &mut Page, trace: &Trace, replays: &[Replayed], end: Duration) -> f64 {
    let states =
        State::ALL.iter().copied().filter(|state| replays.iter().any(|one| !one.time_in(*state, end).is_zero()));
    let states: Vec<_> = states.map(|state| (colour::of(state), band::label(state))).collect();
    let top = page.key(62.0, "state", &states);
    let counts: Vec<_> = replays.iter().map(|replayed| replayed.counts(trace)).collect();
    let occurs = |count: &dyn Fn(&Counts) -> u64| counts.iter().any(|counts| count(counts) > 0);
    let calls: Vec<_> = [
        (colour::SUCCEEDED, "succeeded", occurs(&|counts| counts.admitted[Outcome::Ok as usize])),
        (colour::FAILED, "failed", occurs(&|counts| counts.admitted[Outcome::Fail as usize])),
        (colour::NEITHER, "ignored or cancelled", occurs(&|counts| counts.admitted[2] + counts.admitted[3])),
        (colour::SPARED, "rejected, would have failed", occurs(&|counts| counts.all_rejected() - counts.harm())),
        (colour::HARM, "rejected, would have succeeded", occurs(&|counts| counts.harm())),
    ]
    .into_iter()
    .filter_map(|(colour, label, occurs)| occurs.then_some((colour, label)))
    .collect();
    page.key(top, "calls", &calls)
}

fn heading(page: &mut Page, figures: &Figures, top: f64) -> f64 {
    let style = Style::size(16.0).bold();
    page.text(page::LEFT_EDGE, top + 16.0, &style.fitting(&figures.tripper, page::RIGHT - page::LEFT_EDGE), style);
    let Detection { outages, detected, after } = figures.detection;
    let noticed = match (outages, detected) {
        (0, _) => "no outage".to_owned(),
        (1, 0) => "outage missed".to_owned(),
        (1, _) => format!("outage noticed after {}", rounded(after)),
        (_, 0) => format!("all {outages} outages missed"),
        _ => format!("{detected} of {outages} outages noticed, after {}", rounded(after)),
    };
    let Figures { open, harm, spared, transitions, .. } = figures;
    let open = rounded(*open);
    let told = format!(
        "open for {open}; {spared} failing calls spared, {harm} good ones rejected; {noticed}; {transitions} transitions"
    );
    page.text(page::LEFT_EDGE, top + 36.0, &told, Style::size(14.0).colour(colour::QUIET));
    top + 46.0
}
