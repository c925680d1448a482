//! One page that shows a replay at once.

use crate::{replayed::Replayed, trace::Trace};

/// Draws the replays of a trace, one below the other, as SVG.
pub fn draw(_trace: &Trace, _replays: &[Replayed]) -> String {
    String::new()
}
