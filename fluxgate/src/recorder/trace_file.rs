use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use parking_lot::Mutex;

/// The files that recordings of this process are writing.
static BEING_WRITTEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Keeps other recordings of this process from writing the same file.
pub(crate) struct Claim(pub(super) Option<PathBuf>);

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            BEING_WRITTEN.lock().remove(path);
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
    let known = path.canonicalize()?;
    if !BEING_WRITTEN.lock().insert(known.clone()) {
        let message =
            format!("another circuit breaker is being recorded into `{}`; choose another file", path.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    let claim = Claim(Some(known));
    file.set_len(0)?;
    Ok((file, claim))
}
