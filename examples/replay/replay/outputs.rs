//! Output files that appear whole or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, TempPath};

use crate::{arguments::Arguments, failure::Failure};

/// The files that were asked for.
pub(crate) struct Outputs {
    pub(crate) calls: Option<Output>,
    pub(crate) svg: Option<Output>,
}

/// A file beside the one that it will become.
pub(crate) struct Output {
    path: PathBuf,
    folder: PathBuf,
    written: Option<TempPath>,
}

impl Outputs {
    /// Looks whether the outputs can be written, without touching them.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let output = |path: &Option<PathBuf>| path.as_deref().map(Output::new).transpose();
        let outputs = Self { calls: output(&arguments.calls)?, svg: output(&arguments.svg)? };
        let trace = fs::canonicalize(&arguments.trace).ok();
        for output in [&outputs.calls, &outputs.svg].into_iter().flatten() {
            if trace.as_ref() == Some(&output.path) {
                let what = "is the trace itself; expected another file to write to";
                return Err(Failure::new(format!("{}: {what}", output.path.display())));
            }
        }
        if let (Some(calls), Some(svg)) = (&outputs.calls, &outputs.svg)
            && calls.path == svg.path
        {
            let what = "is given for both --calls and --svg; expected two files";
            return Err(Failure::new(format!("{}: {what}", calls.path.display())));
        }
        Ok(outputs)
    }

    /// Puts what is written where it was asked for, now that all of it is.
    pub(crate) fn put_in_place(self) -> Result<(), Failure> {
        let mut new = Vec::new();
        for Output { path, written, .. } in [self.calls, self.svg].into_iter().flatten() {
            let is_new = !path.exists();
            if let Some(Err(error)) = written.map(|written| written.persist(&path)) {
                // Not one without the other. What was there before and is written anew is whole at least.
                for placed in &new {
                    let _ = fs::remove_file(placed);
                }
                return Err(Failure::of_file(&path, &error.error));
            }
            new.extend(is_new.then_some(path));
        }
        Ok(())
    }
}

impl Output {
    fn new(path: &Path) -> Result<Self, Failure> {
        // A link is followed, so that it stays one.
        let (path, folder) = Self::resolve(path).map_err(|error| Failure::of_file(path, &error))?;
        match fs::metadata(&path) {
            Ok(found) if !found.is_file() => {
                Err(Failure::new(format!("{}: is no file; expected one that can be written anew", path.display())))
            }
            _ => Ok(Self { path, folder, written: None }),
        }
    }

    fn resolve(path: &Path) -> io::Result<(PathBuf, PathBuf)> {
        let path = if let Ok(existing) = fs::canonicalize(path) {
            existing
        } else {
            let name = path.file_name().ok_or_else(|| io::Error::other("is no name of a file"))?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            fs::canonicalize(folder.unwrap_or(Path::new(".")))?.join(name)
        };
        let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        Ok((path, folder))
    }

    /// Writes all of it to a file beside.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), Failure> {
        let written = self.temporary().and_then(|mut file| {
            let mut buffered = io::BufWriter::new(file.as_file_mut());
            write(&mut buffered)?;
            buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
            Ok(file.into_temp_path())
        });
        self.written = Some(written.map_err(|error| Failure::of_file(&self.path, &error))?);
        Ok(())
    }

    fn temporary(&self) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".replay-");
        // A temporary file is its owner's alone; this one is to be as any other, by the process's mask.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(&self.folder)
    }
}
