//! How far a long replay is.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error if that is a terminal and there is much to do.
pub(crate) struct Progress(ProgressBar);

/// Fewer rows are done before a bar could be read.
const LONG: usize = 500_000;

impl Progress {
    pub(crate) fn new(rows: usize) -> Self {
        if rows < LONG {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(rows as u64);
        // The default style stays if this one is ever refused.
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} rows, {eta} to go") {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub(crate) fn add(&self, rows: usize) {
        self.0.inc(rows as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
