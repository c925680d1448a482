//! Sets of breakers, of a key each.

mod drops;
mod eviction;
mod full_sets;
mod keys;
mod lookups;
mod metrics;
mod policy;
