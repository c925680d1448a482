//! Writes the calls of a breaker down, as a trace that the example `replay` reads.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::mpsc::{SyncSender, TrySendError, sync_channel},
    thread::{self, JoinHandle},
};

use crate::{
    breaker::CircuitBreaker, machine::Ticket, nanos::Nanos, outcome::Outcome, published::Summary, state::State,
};

/// What came of a recording, from [`CircuitBreaker::stop_recording`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// The calls and commands that the trace has.
    pub rows: u64,
    /// Calls that were really rejected: nobody knows how they would have ended, so they are not in the trace. In
    /// shadow mode there are none.
    pub rejected: u64,
    /// Calls that are not in the trace because they had not ended, or because the disk was too slow.
    pub left_out: u64,
}

/// A recording under way. A lock of its own guards it, which no call takes while nothing is recorded.
pub(crate) struct Recording {
    began: Nanos,
    rejected_before: u64,
    /// Calls and commands in the order of their starts, from the first that can't be written yet.
    slots: VecDeque<Slot>,
    /// The starts of the probes in flight, whose tickets don't tell.
    probes: VecDeque<(Ticket, Nanos)>,
    /// What can be written, until it is worth a message.
    ready: Vec<Row>,
    left_out: u64,
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

impl CircuitBreaker {
    /// Records every call from now on, and every command, into a new file: a trace, as the example `replay` reads it.
    ///
    /// The file has the columns `at,outcome,duration`: seconds since the recording began, `ok`, `fail`, `ignored` or
    /// `cancelled`, and seconds again; or `reset`, `disable`, `metrics_only` or `force_open`, and nothing. Its rows are
    /// in the order of their starts.
    ///
    /// Recorded is what the calls came to, whatever the breaker made of it: also those of a disabled breaker, and those
    /// that one in shadow mode would have rejected. A call that is really rejected has no outcome, and is only counted:
    /// to learn what another policy would do, record in shadow mode or while the breaker is closed.
    ///
    /// While it records, every call takes the breaker's lock and reads the clock twice; a thread of its own writes.
    /// Before and after, recording costs nothing. Calls that are in flight when it begins are left out.
    ///
    /// # Errors
    ///
    /// If the file can't be made, the thread can't be started, or the calls are being recorded already.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::builder("payment_api").shadow(true).build()?;
    /// let file = std::env::temp_dir().join(format!("payment_api-{}.csv", std::process::id()));
    ///
    /// breaker.record_calls(&file)?;
    /// let _ = breaker.call(|| "42".parse::<u32>());
    /// let recorded = breaker.stop_recording()?.expect("it was recording");
    ///
    /// assert_eq!((recorded.rows, recorded.left_out), (1, 0));
    /// assert!(std::fs::read_to_string(&file)?.starts_with("at,outcome,duration\n"));
    /// # std::fs::remove_file(file)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record_calls(&self, file: impl AsRef<Path>) -> io::Result<()> {
        let mut recording = self.shared.recording.lock();
        if recording.is_some() {
            let message = format!("the calls of circuit breaker `{}` are being recorded already", self.name());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        let file = File::create(file)?;
        let mut core = self.shared.core.lock();
        let rejected_before = core.rejected + self.shared.successes.rejections();
        *recording = Some(Box::new(Recording::new(file, self.now(), rejected_before)?));
        core.recording = true;
        self.publish(&core);
        Ok(())
    }

    /// Ends the recording, and waits until the file is written. `None` if there was none.
    ///
    /// Calls that are still in flight are left out. A recording that is not stopped before the program ends lacks its
    /// last calls.
    ///
    /// # Errors
    ///
    /// If the file could not be written, or not all of it.
    ///
    /// # Examples
    ///
    /// See [`record_calls`](Self::record_calls).
    pub fn stop_recording(&self) -> io::Result<Option<Recorded>> {
        let mut recording = self.shared.recording.lock();
        let Some(mut stopped) = recording.take() else { return Ok(None) };
        let mut core = self.shared.core.lock();
        core.recording = false;
        self.publish(&core);
        let rejected = (core.rejected + self.shared.successes.rejections()).saturating_sub(stopped.rejected_before);
        drop(core);
        // Calls go on while the disk is waited for.
        drop(recording);
        let rows = stopped.finish()?;
        Ok(Some(Recorded { rows, rejected, left_out: stopped.left_out }))
    }

    /// Takes down that a call begins, and gives its ticket with the time of that.
    pub(crate) fn record_start(&self, summary: Summary, ticket: Ticket) -> Ticket {
        if !summary.recording() {
            return ticket;
        }
        let mut recording = self.shared.recording.lock();
        let Some(recording) = recording.as_mut() else { return ticket };
        // Read with the lock held, so that the slots are in the order of time.
        let now = self.now();
        recording.push(Slot { start: now, end: None });
        if ticket.is_probe() {
            if recording.probes.len() == PROBES {
                recording.probes.pop_front();
            }
            recording.probes.push_back((ticket, now));
        }
        ticket.started_at(now)
    }

    /// Takes down how a call has ended, if its beginning was.
    pub(crate) fn record_end(&self, ticket: Ticket, outcome: Outcome, cancelled: bool) {
        if !self.shared.published.read().recording() {
            return;
        }
        let outcome = match outcome {
            _ if cancelled => "cancelled",
            Outcome::Success => "ok",
            Outcome::Failure => "fail",
            Outcome::Ignored => "ignored",
        };
        let now = self.now();
        if let Some(recording) = self.shared.recording.lock().as_mut() {
            recording.end(ticket, outcome, now);
        }
    }

    /// Takes down a command.
    pub(crate) fn record_command(&self, to: State) {
        if !self.shared.published.read().recording() {
            return;
        }
        let command = match to {
            State::Disabled => "disable",
            State::MetricsOnly => "metrics_only",
            State::ForcedOpen => "force_open",
            State::Closed | State::Open | State::HalfOpen => "reset",
        };
        if let Some(recording) = self.shared.recording.lock().as_mut() {
            recording.push(Slot { start: self.now(), end: Some(End::Command(command)) });
            recording.take_ready();
        }
    }
}

impl Recording {
    fn new(file: File, began: Nanos, rejected_before: u64) -> io::Result<Self> {
        let (writer, batches) = sync_channel::<Vec<Row>>(QUEUE);
        let write = move || {
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
            rejected_before,
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

    fn end(&mut self, ticket: Ticket, outcome: &'static str, now: Nanos) {
        let Some(start) = self.start_of(ticket) else { return };
        let first = self.slots.partition_point(|slot| slot.start < start);
        let mut at_once = self.slots.range_mut(first..).take_while(|slot| slot.start == start);
        // Of calls that started at the same time, it does not matter which is which.
        if let Some(slot) = at_once.find(|slot| slot.end.is_none()) {
            slot.end = Some(End::Call { outcome, duration: now.since(start) });
            self.take_ready();
        }
    }

    fn start_of(&mut self, ticket: Ticket) -> Option<Nanos> {
        if !ticket.is_probe() {
            return ticket.started_if_known();
        }
        let place = self.probes.iter().position(|(probe, _)| *probe == ticket)?;
        self.probes.remove(place).map(|(_, start)| start)
    }

    /// Takes what is not behind a call in flight, and sends it off if it is enough.
    fn take_ready(&mut self) {
        while let Some(&Slot { start, end: Some(end) }) = self.slots.front() {
            self.ready.push(Row { at: start.since(self.began), end });
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
        let batch = std::mem::replace(&mut self.ready, Vec::with_capacity(BATCH));
        if let Some(Err(refused)) = self.writer.as_ref().map(|writer| how(writer, batch)) {
            self.left_out += refused as u64;
        }
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

    fn finish(&mut self) -> io::Result<u64> {
        self.send_the_rest();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(written)) => written,
            Some(Err(_)) | None => Err(io::Error::other("the thread that writes the trace has panicked")),
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // The breaker is gone: the thread writes what there is, and ends.
        if self.writer.is_some() {
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
