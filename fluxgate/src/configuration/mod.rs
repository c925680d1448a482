//! Policies from a file, or from wherever serde reads.

mod breakers;
mod configure;
mod configure_error;
mod names;
mod place;
mod policy_config;
#[cfg(feature = "keyed")]
mod sets;
mod unknown_key;
mod values;
mod written;

pub use breakers::Configuration;
#[cfg(feature = "keyed")]
pub(crate) use configure::begin_set;
pub use configure::configure;
pub(crate) use configure::{begin, check, said_of};
pub use configure_error::ConfigureError;
pub use policy_config::PolicyConfig;

/// A [JSON schema](https://json-schema.org) of [`Configuration`], for editors: it completes and checks policy files while
/// they are written. The [guide](crate::guide::configuration) says how to name it in a file.
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
