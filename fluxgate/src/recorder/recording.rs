//! A recording under way: what has begun, what has ended, and what is written.

use std::{
    any::Any,
    collections::VecDeque,
    fs::File,
    io::{self, BufWriter, Write},
    mem,
    sync::mpsc::{SyncSender, TrySendError, sync_channel},
    thread::{self, JoinHandle},
};

use super::trace_file::Claim;
use crate::{
    events::tap::Tap,
    machine::{Ticket, probes::Ended},
    outcome::Outcome,
    process,
    state::State,
    time::nanos::Nanos,
};

/// The situation at the start of a recording.
#[derive(Clone, Copy)]
pub(crate) struct Began {
    pub(crate) at: Nanos,
    /// Calls that an earlier generation admitted are not in the trace.
    pub(crate) generation: u64,
    pub(crate) rejected_before: u64,
}

/// The recording of one breaker. It has a lock of its own, which no call takes while nothing is recorded.
pub(crate) struct Recording {
    pub(crate) began: Began,
    /// The process that writes the file: a forked child has a copy of all this, and no thread.
    process: u32,
    /// Calls and commands in the order of their starts, from the first that can't be written yet.
    slots: VecDeque<Slot>,
    /// The starts of the probes in flight, whose tickets don't tell.
    probes: VecDeque<(Ticket, Nanos)>,
    /// The rows to write, until there are enough for a message.
    ready: Vec<Row>,
    pub(crate) left_out: u64,
    /// `None` once it has been told that there is no more.
    writer: Option<SyncSender<Vec<Row>>>,
    thread: Option<JoinHandle<io::Result<u64>>>,
}

struct Slot {
    start: Nanos,
    end: Option<End>,
}

#[derive(Clone, Copy)]
enum End {
    Call { outcome: &'static str, duration: Nanos },
    Command(&'static str),
}

struct Row {
    at: Nanos,
    end: End,
}

/// A message to the thread that writes. What is not sent yet is lost if the program dies.
const BATCH: usize = 512;
/// So many messages wait for the disk before calls are left out.
const QUEUE: usize = 256;
/// So many calls wait for one that started before them and has not ended, before that is left out: a few megabytes.
const PATIENCE: usize = 1 << 17;
/// No breaker has so many probes in flight, but some may never end.
const PROBES: usize = 1 << 12;

impl Recording {
    pub(crate) fn new(file: File, claim: Claim, began: Began) -> io::Result<Self> {
        let (writer, batches) = sync_channel::<Vec<Row>>(QUEUE);
        let write = move || {
            // Until the last row is on its way, however the recording ends.
            let _claim = claim;
            let mut file = BufWriter::new(file);
            file.write_all(b"at,outcome,duration\n")?;
            let mut rows = 0;
            for batch in batches {
                for row in &batch {
                    row.write(&mut file)?;
                }
                file.flush()?;
                rows += batch.len() as u64;
            }
            file.flush()?;
            Ok(rows)
        };
        let thread = thread::Builder::new().name("fluxgate-recorder".to_owned()).spawn(write)?;
        Ok(Self {
            began,
            process: process::id(),
            slots: VecDeque::new(),
            probes: VecDeque::new(),
            ready: Vec::new(),
            left_out: 0,
            writer: Some(writer),
            thread: Some(thread),
        })
    }

    fn push(&mut self, slot: Slot) {
        if self.slots.len() == PATIENCE {
            // The first has not ended, or it would have been taken.
            self.slots.pop_front();
            self.left_out += 1;
            self.take_ready();
        }
        self.slots.push_back(slot);
    }

    fn start_of(&mut self, ticket: Ticket) -> Option<Nanos> {
        if !ticket.is_probe() {
            return ticket.started_if_known().filter(|start| *start >= self.began.at);
        }
        let place = self.probes.iter().position(|(probe, _)| *probe == ticket)?;
        self.probes.remove(place).map(|(_, start)| start)
    }

    /// Takes what is not behind a call in flight, and sends it off if it is enough.
    fn take_ready(&mut self) {
        while let Some(&Slot { start, end: Some(end) }) = self.slots.front() {
            self.ready.push(Row { at: start.since(self.began.at), end });
            self.slots.pop_front();
        }
        if self.ready.len() >= BATCH {
            self.send(|writer, batch| {
                writer.try_send(batch).map_err(|refused| match refused {
                    TrySendError::Full(batch) | TrySendError::Disconnected(batch) => batch.len(),
                })
            });
        }
    }

    fn send(&mut self, how: impl FnOnce(&SyncSender<Vec<Row>>, Vec<Row>) -> Result<(), usize>) {
        let batch = mem::replace(&mut self.ready, Vec::with_capacity(BATCH));
        if let Some(Err(refused)) = self.writer.as_ref().map(|writer| how(writer, batch)) {
            self.left_out += refused as u64;
        }
    }

    /// Returns whether this is a copy in a forked child, whose parent goes on with the recording.
    fn is_copy(&self) -> bool {
        self.process != process::id()
    }

    /// Lets go of a copy without a word to the thread that it has not.
    fn forget(&mut self) {
        self.writer = None;
        mem::forget(self.thread.take());
    }

    /// Sends off all that has ended.
    fn send_the_rest(&mut self) {
        let in_flight = self.slots.iter().filter(|slot| slot.end.is_none()).count();
        self.left_out += in_flight as u64;
        self.slots.retain(|slot| slot.end.is_some());
        self.take_ready();
        self.send(|writer, batch| writer.send(batch).map_err(|refused| refused.0.len()));
        self.writer = None;
    }

    /// Waits until all is written, and says how much that was.
    pub(crate) fn finish(&mut self) -> io::Result<u64> {
        if self.is_copy() {
            self.forget();
            return Err(io::Error::other("the recording belongs to the parent process, which goes on with it"));
        }
        self.send_the_rest();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(written)) => written,
            Some(Err(_)) | None => Err(io::Error::other("the thread that writes the trace has panicked")),
        }
    }
}

impl Tap for Recording {
    fn has(&self, ticket: Ticket) -> bool {
        !ticket.is_recorded() || ticket.generation() >= self.began.generation
    }

    fn start(&mut self, ticket: Ticket, now: Nanos) {
        self.push(Slot { start: now, end: None });
        if ticket.is_probe() {
            if self.probes.len() == PROBES {
                self.probes.pop_front();
            }
            self.probes.push_back((ticket, now));
        }
    }

    fn end(&mut self, ticket: Ticket, outcome: Outcome, ended: Ended, now: Nanos) {
        let Some(start) = self.start_of(ticket) else { return };
        let first = self.slots.partition_point(|slot| slot.start < start);
        let mut at_once = self.slots.range_mut(first..).take_while(|slot| slot.start == start);
        // Calls that started at the same time are interchangeable.
        if let Some(slot) = at_once.find(|slot| slot.end.is_none()) {
            let outcome = match (ended, outcome) {
                (Ended::Dropped { .. }, _) => "cancelled",
                (_, Outcome::Success) => "ok",
                (_, Outcome::Failure) => "fail",
                (_, Outcome::Ignored) => "ignored",
            };
            slot.end = Some(End::Call { outcome, duration: now.since(start) });
            self.take_ready();
        }
    }

    fn command(&mut self, to: State, now: Nanos) {
        let command = match to {
            State::Disabled => "disable",
            State::MetricsOnly => "metrics_only",
            State::ForcedOpen => "force_open",
            State::Closed | State::Open | State::HalfOpen => "reset",
        };
        self.push(Slot { start: now, end: Some(End::Command(command)) });
        self.take_ready();
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // The breaker is gone: the thread writes what there is, and ends.
        if self.is_copy() {
            self.forget();
        } else if self.writer.is_some() {
            self.send_the_rest();
        }
    }
}

impl Row {
    fn write(&self, file: &mut impl Write) -> io::Result<()> {
        write_seconds(file, self.at)?;
        match self.end {
            End::Command(command) => writeln!(file, ",{command},"),
            End::Call { outcome, duration } => {
                write!(file, ",{outcome},")?;
                write_seconds(file, duration)?;
                writeln!(file)
            }
        }
    }
}

fn write_seconds(file: &mut impl Write, time: Nanos) -> io::Result<()> {
    write!(file, "{}.{:09}", time.whole_seconds(), time.0 % Nanos::PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_in_a_forked_child_is_let_go_of_without_a_panic() {
        let folder = std::env::temp_dir().join(format!("fluxgate-copy-{}.csv", process::id()));
        let began = Began { at: Nanos(0), generation: 0, rejected_before: 0 };
        let mut recording = Recording::new(File::create(&folder).unwrap(), Claim(None), began).unwrap();
        recording.process = process::id().wrapping_add(1);
        assert!(recording.finish().unwrap_err().to_string().contains("belongs to the parent process"));
        drop(recording);
        std::fs::remove_file(folder).unwrap();
    }

    #[test]
    fn calls_that_the_writer_does_not_take_are_left_out() {
        let (writer, batches) = sync_channel(1);
        let mut recording = Recording {
            began: Began { at: Nanos(0), generation: 0, rejected_before: 0 },
            process: process::id(),
            slots: VecDeque::new(),
            probes: VecDeque::new(),
            ready: Vec::new(),
            left_out: 0,
            writer: Some(writer),
            thread: None,
        };
        // Dropped before the recording, which would wait for it if an assertion fails.
        let batches = batches;
        // One batch waits for the disk, a second finds no room, and a third nobody who would write it.
        (0..2 * BATCH).for_each(|_| recording.command(State::Closed, Nanos(0)));
        assert_eq!(recording.left_out, BATCH as u64);
        drop(batches);
        (0..BATCH).for_each(|_| recording.command(State::Closed, Nanos(0)));
        assert_eq!(recording.left_out, 2 * BATCH as u64);
    }
}
