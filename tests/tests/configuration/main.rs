//! Policies in files.

mod configure;
mod expectations;
mod files;
mod later;
mod mistakes;
mod round_trip;
mod schema;
mod sets;
