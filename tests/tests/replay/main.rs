//! Traces: recorded, and replayed.

mod documents;
mod mistakes;
mod program;
mod recorder;
mod recorder_edges;
