//! Policies, their components and settings as serde reads and writes them.

mod place;
mod read;
mod table;
mod unknown_key;
mod values;
mod write;

pub(crate) use place::Place;
#[cfg(feature = "config")]
pub(crate) use place::listed;
pub(crate) use read::{Optional, Read};
#[cfg(feature = "config")]
pub(crate) use read::{ReadShadow, ReadState};
#[cfg(feature = "config")]
pub(crate) use table::{ReadTable, Table, mistakes};
