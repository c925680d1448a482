//! Policies from files, or from any other source that serde reads.

mod configure;
mod configure_error;
mod entry;
mod file;
mod names;
mod unmatched;

pub use configure::configure;
pub use configure_error::ConfigureError;
pub use entry::PolicyEntry;
pub use file::Configuration;
pub use unmatched::{Unmatched, UnmatchedName};

/// A [JSON schema](https://json-schema.org) of [`Configuration`]. Editors use it to complete and check policy files. The
/// [guide](crate::guide::configuration) shows how to reference it in a file.
///
/// # Examples
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("schema-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("breakers.schema.json");
/// # /*
/// let path = "breakers.schema.json";
/// # */
/// std::fs::write(path, fluxgate::CONFIGURATION_SCHEMA)?;
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub const CONFIGURATION_SCHEMA: &str = include_str!("schema.json");
