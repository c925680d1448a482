use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io,
    path::Path,
};

use parking_lot::Mutex;

/// The files that recordings of this process are writing.
static BEING_WRITTEN: Mutex<BTreeSet<Identity>> = Mutex::new(BTreeSet::new());

/// The identity of a file while it exists, whatever its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    number: u64,
    /// Elsewhere the standard library knows no more of a file than its name.
    #[cfg(not(unix))]
    path: std::path::PathBuf,
}

/// Keeps other recordings of this process from writing the same file.
pub(crate) struct Claim(pub(super) Option<Identity>);

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            BEING_WRITTEN.lock().remove(file);
        }
    }
}

/// Opens an empty file for one recording.
pub(super) fn create(path: &Path) -> io::Result<(File, Claim)> {
    // Emptied only when it is known to be nobody else's.
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    if !file.metadata()?.is_file() {
        // A pipe or a terminal, say, which others may write to as well.
        return Ok((file, Claim(None)));
    }
    let known = Identity::of(&file, path)?;
    if !BEING_WRITTEN.lock().insert(known.clone()) {
        let message =
            format!("another circuit breaker is being recorded into `{}`; choose another file", path.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    let claim = Claim(Some(known));
    file.set_len(0)?;
    Ok((file, claim))
}

impl Identity {
    #[cfg(unix)]
    fn of(file: &File, _: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        let metadata = file.metadata()?;
        Ok(Self { device: metadata.dev(), number: metadata.ino() })
    }

    #[cfg(not(unix))]
    fn of(_: &File, path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.canonicalize()? })
    }
}
