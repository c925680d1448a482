//! The page, what it is drawn with, and how wide a text is.

use fluxgate::State;
use svg::{
    Document, Node,
    node::element::{Description, Group, Line, Path, Rectangle, Text, Title},
};

/// The width of the page, in its own units. All that is on it is to be read at half the size too.
pub(super) const WIDTH: f64 = 1000.0;
/// Where texts begin.
pub(super) const LEFT_EDGE: f64 = 20.0;
/// Where plots begin and end.
pub(super) const LEFT: f64 = 76.0;
pub(super) const RIGHT: f64 = 980.0;

/// Colours that people with any kind of sight can tell apart, after Okabe and Ito, and greys of different lightness.
pub(super) mod colour {
    use super::State;

    pub(in super::super) const TEXT: &str = "#222222";
    pub(in super::super) const QUIET: &str = "#555555";
    pub(in super::super) const GRID: &str = "#e4e4e4";
    pub(in super::super) const AXIS: &str = "#8a8a8a";
    pub(in super::super) const SUCCEEDED: &str = "#8fcbee";
    pub(in super::super) const FAILED: &str = "#d55e00";
    pub(in super::super) const NEITHER: &str = "#b9b9b9";
    pub(in super::super) const SPARED: &str = "#9a9a9a";
    pub(in super::super) const HARM: &str = "#1f1f1f";
    pub(in super::super) const LATENCY: &str = "#0072b2";
    pub(in super::super) const LATENCY_AREA: &str = "#cfe3f0";

    pub(in super::super) fn of(state: State) -> &'static str {
        match state {
            State::Closed => "#5dbf9f",
            State::Open => "#d55e00",
            State::HalfOpen => "#f0e442",
            State::MetricsOnly => "#56b4e9",
            State::Disabled => "#c4c4c4",
            State::ForcedOpen => "#cc79a7",
        }
    }

    /// The colour of a text on the band.
    pub(in super::super) fn on(state: State) -> &'static str {
        if state == State::Open { "#ffffff" } else { TEXT }
    }
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    size: f64,
    colour: &'static str,
    anchor: Anchor,
    bold: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Style {
    pub(super) fn size(size: f64) -> Self {
        Self { size, colour: colour::TEXT, anchor: Anchor::Start, bold: false }
    }

    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) fn colour(self, colour: &'static str) -> Self {
        Self { colour, ..self }
    }

    pub(super) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// About how wide a text is, in whatever font the reader has: rather too much than too little.
    pub(super) fn width(self, text: &str) -> f64 {
        let narrow = |character: char| {
            matches!(character, '.' | ',' | ':' | ';' | ' ' | '(' | ')' | 'i' | 'l' | 'j' | 't' | 'f' | '|')
        };
        let widths = text.chars().map(|character| if narrow(character) { 0.34 } else { 0.58 });
        widths.sum::<f64>() * self.size * if self.bold { 1.06 } else { 1.0 }
    }

    /// The text, cut off where it would be wider than that.
    pub(super) fn fitting(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut cut = text.to_owned();
        while cut.pop().is_some() && self.width(&cut) + self.size > width {}
        cut.trim_end().to_owned() + "…"
    }
}

pub(super) struct Page(Group);

/// To a tenth of a unit, so that the file is small and the same on every machine.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

impl Page {
    pub(super) fn new() -> Self {
        Self(Group::new())
    }

    pub(super) fn rectangle(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) {
        let rectangle = Rectangle::new()
            .set("x", tenth(x))
            .set("y", tenth(y))
            .set("width", tenth(width))
            .set("height", tenth(height))
            .set("fill", fill);
        self.0.append(rectangle);
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, width: f64) {
        let line = Line::new()
            .set("x1", tenth(from.0))
            .set("y1", tenth(from.1))
            .set("x2", tenth(to.0))
            .set("y2", tenth(to.1))
            .set("stroke", stroke)
            .set("stroke-width", width);
        self.0.append(line);
    }

    /// A line through the points, or the area within them.
    pub(super) fn path(&mut self, points: &[(f64, f64)], stroke: Option<f64>, colour: &str) {
        let commands = ["M"].into_iter().chain(std::iter::repeat("L"));
        let point = |(command, (x, y)): (&str, &(f64, f64))| format!("{command}{},{}", tenth(*x), tenth(*y));
        let data: String = commands.zip(points).map(point).collect();
        let path = match stroke {
            Some(width) => Path::new()
                .set("fill", "none")
                .set("stroke", colour)
                .set("stroke-width", width)
                .set("stroke-linejoin", "round")
                .set("stroke-linecap", "round"),
            None => Path::new().set("fill", colour),
        };
        self.0.append(path.set("d", data));
    }

    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, style: Style) {
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let mut text = Text::new(text)
            .set("x", tenth(x))
            .set("y", tenth(y))
            .set("font-size", style.size)
            .set("fill", style.colour)
            .set("text-anchor", anchor);
        if style.bold {
            text = text.set("font-weight", "bold");
        }
        self.0.append(text);
    }

    /// A text beside a plot, from below, around its middle.
    pub(super) fn sideways(&mut self, x: f64, y: f64, text: &str) {
        let text = Text::new(text)
            .set("transform", format!("translate({},{}) rotate(-90)", tenth(x), tenth(y)))
            .set("font-size", 13.0)
            .set("fill", colour::QUIET)
            .set("text-anchor", "middle");
        self.0.append(text);
    }

    /// A line of colours and what they mean, and more lines if that is not enough. Gives where the next may begin.
    pub(super) fn key(&mut self, top: f64, title: &str, entries: &[(&str, &str)]) -> f64 {
        if entries.is_empty() {
            return top;
        }
        let style = Style::size(14.0);
        self.text(LEFT_EDGE, top, title, style.colour(colour::QUIET));
        let (mut x, mut y) = (LEFT, top);
        for (colour, label) in entries {
            let width = 20.0 + style.width(label) + 16.0;
            if x + width > RIGHT && x > LEFT {
                (x, y) = (LEFT, y + 22.0);
            }
            self.rectangle((x, y - 11.5), (14.0, 14.0), colour);
            self.text(x + 20.0, y, label, style);
            x += width;
        }
        y + 22.0
    }

    /// The page as a file.
    pub(super) fn finish(self, height: f64, title: &str) -> String {
        let height = height.ceil();
        let background = Rectangle::new().set("width", WIDTH).set("height", height).set("fill", "#ffffff");
        let about = "Time runs from left to right. Above, how long calls took; below, what each policy made of them.";
        let document = Document::new()
            .set("viewBox", (0.0, 0.0, WIDTH, height))
            .set("width", WIDTH)
            .set("height", height)
            .set("font-family", "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif")
            .add(Title::new(title))
            .add(Description::new().add(svg::node::Text::new(about)))
            .add(background)
            .add(self.0);
        document.to_string() + "\n"
    }
}
