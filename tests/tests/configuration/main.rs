//! Policies in files.

mod configure;
mod expectations;
mod files;
mod later;
mod round_trip;
mod schema;
mod sets;
