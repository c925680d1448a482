//! Recorded traffic: the rows of a trace, and how they are read.

use std::{fs, path::Path, time::Duration};

use csv::ByteRecord;

use crate::{failure::Failure, seconds};

/// One row of a trace: a call or a command, and when it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The time since the trace began.
    pub at: Duration,
    /// What began then.
    pub event: Event,
}

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A call that ended so, after so long.
    Call {
        /// How it ended.
        outcome: Outcome,
        /// How long it took.
        duration: Duration,
    },
    /// Something that an operator did.
    Command(Command),
}

/// How a recorded call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// As it should.
    Ok,
    /// With an error that the tracker tracks.
    Fail,
    /// With an error that it does not track.
    Ignored,
    /// Dropped in flight, having waited all its duration.
    Cancelled,
}

/// What an operator did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// `reset()`
    Reset,
    /// `disable()`
    Disable,
    /// `metrics_only()`
    MetricsOnly,
    /// `force_open()`
    ForceOpen,
}

/// A trace that has been read.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The name of its file, without the folder.
    pub name: String,
    /// Its rows, in the order of the file, which is that of time.
    pub rows: Vec<Row>,
    /// The times as the file writes them, one after the other, and where each ends.
    times: String,
    ends: Vec<usize>,
}

const HEADER: [&str; 3] = ["at", "outcome", "duration"];
const OUTCOMES: &str = "ok, fail, ignored, cancelled, reset, disable, metrics_only or force_open";

impl Trace {
    /// Reads the trace in this file.
    ///
    /// # Errors
    ///
    /// If the file can't be read, or at its first mistake.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let content = fs::read(path).map_err(|error| Failure::of_file(path, &error))?;
        let file = path.display().to_string();
        let name = path.file_name().map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
        Reading { file, content: &content }.trace(name)
    }

    /// The time of a row as the file writes it.
    pub fn time_as_written(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.times[start..self.ends[index]]
    }

    /// When the last call has ended, or the last command was given.
    pub fn end(&self) -> Duration {
        self.rows.iter().map(Row::end).max().unwrap_or_default()
    }

    /// The calls among the rows, each with its index.
    pub fn calls(&self) -> impl Iterator<Item = (usize, Duration, Outcome, Duration)> + '_ {
        self.rows.iter().enumerate().filter_map(|(index, row)| match row.event {
            Event::Call { outcome, duration } => Some((index, row.at, outcome, duration)),
            Event::Command(_) => None,
        })
    }
}

impl Row {
    /// When it was over, had it been admitted.
    pub fn end(&self) -> Duration {
        match self.event {
            Event::Call { duration, .. } => self.at.saturating_add(duration),
            Event::Command(_) => self.at,
        }
    }
}

struct Reading<'a> {
    file: String,
    content: &'a [u8],
}

/// Which column a mistake is in, if it is in one, and what is wrong.
type Mistake = (Option<&'static str>, String);

impl Reading<'_> {
    fn trace(&self, name: String) -> Result<Trace, Failure> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(self.content);
        let mut trace = Trace { name, rows: Vec::new(), times: String::new(), ends: Vec::new() };
        let mut record = ByteRecord::new();
        let mut has_header = false;
        while reader.read_byte_record(&mut record).map_err(|error| Failure::new(format!("{}: {error}", self.file)))? {
            let read = if has_header { trace.take(&record) } else { check_header(&record) };
            read.map_err(|mistake| self.failure(&record, mistake))?;
            has_header = true;
        }
        if !has_header {
            return Err(Failure::new(format!("{}: is empty; expected the header at,outcome,duration", self.file)));
        }
        Ok(trace)
    }

    fn failure(&self, record: &ByteRecord, (column, what): Mistake) -> Failure {
        let line = self.line(record);
        let column = column.map_or_else(String::new, |column| format!(", column {column}"));
        Failure::new(format!("{}, line {line}{column}: {what}", self.file))
    }

    /// The line on which a record begins. Counted here, for the position of a record is where the one before it ended,
    /// blank lines or half a line break before it.
    fn line(&self, record: &ByteRecord) -> usize {
        let start = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
        let (before, after) = self.content.split_at(start.min(self.content.len()));
        let blank = after.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let before = &self.content[..before.len() + blank];
        // A line ends with `\r\n`, `\n` or `\r`.
        let ends = |(index, byte): (usize, &u8)| match byte {
            b'\n' => true,
            b'\r' => before.get(index + 1) != Some(&b'\n'),
            _ => false,
        };
        1 + before.iter().enumerate().filter(|end| ends(*end)).count()
    }
}

fn check_header(record: &ByteRecord) -> Result<(), Mistake> {
    if record.iter().eq(HEADER.iter().map(|name| name.as_bytes())) {
        return Ok(());
    }
    let found = record.iter().map(|field| String::from_utf8_lossy(field)).collect::<Vec<_>>().join(",");
    Err((None, format!("{} is not the header of a trace; expected at,outcome,duration", quoted(&found))))
}

impl Trace {
    fn take(&mut self, record: &ByteRecord) -> Result<(), Mistake> {
        let columns: [&[u8]; 3] = match (record.get(0), record.get(1), record.get(2), record.len()) {
            (Some(at), Some(outcome), Some(duration), 3) => [at, outcome, duration],
            (.., 1) => return Err((None, "has 1 column; expected 3: at,outcome,duration".to_owned())),
            (.., count) => return Err((None, format!("has {count} columns; expected 3: at,outcome,duration"))),
        };
        let mut texts = [""; 3];
        for (index, column) in columns.into_iter().enumerate() {
            texts[index] = std::str::from_utf8(column).map_err(|_| {
                let what = format!("{} is not UTF-8", quoted(&String::from_utf8_lossy(column)));
                (Some(HEADER[index]), what)
            })?;
        }
        let [at_text, outcome, duration] = texts;
        let at = seconds::parse(at_text).map_err(|wrong| (Some("at"), format!("{} {wrong}", quoted(at_text))))?;
        if let Some(previous) = self.rows.last().filter(|previous| previous.at > at) {
            let previous = previous.at.as_secs_f64();
            let what = format!(
                "{} is before the row above; expected rows in the order of time, at least {previous}",
                quoted(at_text)
            );
            return Err((Some("at"), what));
        }
        let row = Row { at, event: event(outcome, duration)? };
        if row.at.checked_add(row.end().saturating_sub(row.at)).is_none_or(|end| end.as_nanos() > u64::MAX.into()) {
            let what = format!("{} is too large; expected a call that ends within 584 years", quoted(duration));
            return Err((Some("duration"), what));
        }
        self.rows.push(row);
        self.times.push_str(at_text);
        self.ends.push(self.times.len());
        Ok(())
    }
}

fn event(outcome: &str, duration: &str) -> Result<Event, Mistake> {
    let call = |outcome| {
        let duration = seconds::parse(duration).map_err(|wrong| {
            let missing =
                format!("a call of outcome {} has no duration; expected seconds, such as 0.25", name(outcome));
            (Some("duration"), if duration.is_empty() { missing } else { format!("{} {wrong}", quoted(duration)) })
        })?;
        Ok(Event::Call { outcome, duration })
    };
    let command = |command| {
        if duration.is_empty() {
            return Ok(Event::Command(command));
        }
        Err((Some("duration"), format!("{} stands beside a command; expected nothing", quoted(duration))))
    };
    match outcome {
        "ok" => call(Outcome::Ok),
        "fail" => call(Outcome::Fail),
        "ignored" => call(Outcome::Ignored),
        "cancelled" => call(Outcome::Cancelled),
        "reset" => command(Command::Reset),
        "disable" => command(Command::Disable),
        "metrics_only" => command(Command::MetricsOnly),
        "force_open" => command(Command::ForceOpen),
        other => Err((Some("outcome"), format!("{} is not an outcome; expected {OUTCOMES}", quoted(other)))),
    }
}

/// The outcome as a trace writes it.
pub fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Fail => "fail",
        Outcome::Ignored => "ignored",
        Outcome::Cancelled => "cancelled",
    }
}

/// A field as a message shows it: on one line, and no longer than one reads.
fn quoted(field: &str) -> String {
    const LONGEST: usize = 40;
    if field.chars().count() <= LONGEST {
        return format!("{field:?}");
    }
    format!("{:?}…", field.chars().take(LONGEST).collect::<String>())
}
