//! The rules as a whole: lists of cases, a model, and what must always be true.

mod invariants;
mod lists;
mod model;
