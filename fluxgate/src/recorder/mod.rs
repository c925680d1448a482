//! Writes the calls of a breaker down, as a trace that the example `replay` reads.

mod recording;
mod trace_file;

use std::{io, path::Path};

use crate::breaker::CircuitBreaker;
use recording::{Began, Recording};

/// The result of a recording, from [`CircuitBreaker::stop_recording`].
///
/// # Examples
///
/// ```
/// use fluxgate::Recorded;
///
/// /// Whether a trace is good enough to choose a policy by.
/// fn is_whole(recorded: Recorded) -> bool {
///     let Recorded { rows, rejected, left_out, .. } = recorded;
///     (rejected + left_out) * 100 < rows
/// }
/// # let _ = is_whole;
/// ```
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
    /// A file that is there is overwritten.
    ///
    /// # Errors
    ///
    /// If the file can't be made, the thread can't be started, the calls are being recorded already, or another breaker of
    /// this process is being recorded into the same file.
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
    #[doc(alias("trace", "replay", "csv"))]
    pub fn record_calls(&self, file: impl AsRef<Path>) -> io::Result<()> {
        let mut tap = self.shared.tap.lock();
        if tap.is_some() {
            let message = format!("the calls of circuit breaker `{}` are being recorded already", self.name());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        let (file, claim) = trace_file::create(file.as_ref())?;
        let mut core = self.shared.core.lock();
        // A generation of its own, by which the calls in flight are told from those that the trace has.
        core.machine.begin_generation();
        let rejected_before = core.rejected + self.shared.successes.rejections();
        let began = Began { at: self.now(), generation: core.machine.generation, rejected_before };
        match Recording::new(file, claim, began) {
            Ok(recording) => *tap = Some(Box::new(recording)),
            Err(error) => {
                self.publish(&core);
                return Err(error);
            }
        }
        core.tapped = true;
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
    /// If the file could not be written, or not all of it; and in a forked child, whose parent goes on with the recording.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("search");
    /// let file = std::env::temp_dir().join(format!("search-{}.csv", std::process::id()));
    /// breaker.record_calls(&file)?;
    /// breaker.force_open();
    /// let _ = breaker.call(|| Ok::<_, ()>(()));
    ///
    /// let recorded = breaker.stop_recording()?.expect("it was recording");
    /// assert_eq!((recorded.rows, recorded.rejected), (1, 1)); // the command has a row
    /// assert!(breaker.stop_recording()?.is_none());
    /// # std::fs::remove_file(file)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stop_recording(&self) -> io::Result<Option<Recorded>> {
        let mut tap = self.shared.tap.lock();
        // The recorder is the only kind of tap.
        let recording = tap.take().and_then(|tap| tap.into_any().downcast::<Recording>().ok());
        let Some(mut stopped) = recording else { return Ok(None) };
        let mut core = self.shared.core.lock();
        core.tapped = false;
        self.publish(&core);
        let rejected =
            (core.rejected + self.shared.successes.rejections()).saturating_sub(stopped.began.rejected_before);
        drop(core);
        // Calls go on while the disk is waited for.
        drop(tap);
        let rows = stopped.finish()?;
        Ok(Some(Recorded { rows, rejected, left_out: stopped.left_out }))
    }
}
