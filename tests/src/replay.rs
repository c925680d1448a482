//! The program `replay`, run in this process, on files in a folder of its own.

use std::{ffi::OsString, fs, path::PathBuf};

use fluxgate_replay::failure::Failure;
use tempfile::TempDir;

/// A folder that is gone at the end of the test.
pub struct Folder(TempDir);

impl Folder {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a place for temporary files"))
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file into it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), content).expect("the folder can be written to");
        self.path(name)
    }

    /// What a file in it says.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file was written")
    }

    /// The names of the files in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder can be read");
        let mut names: Vec<_> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Runs `replay` with these arguments and gives what it printed. Names of files that begin with `./` are in this
    /// folder.
    ///
    /// # Errors
    ///
    /// As the program.
    pub fn replay<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<String, Failure> {
        let arguments = arguments.into_iter().map(|argument| match argument.strip_prefix("./") {
            Some(name) => self.path(name).into_os_string(),
            None => OsString::from(argument),
        });
        let mut stdout = Vec::new();
        fluxgate_replay::run([OsString::from("replay")].into_iter().chain(arguments), &mut stdout)?;
        Ok(String::from_utf8(stdout).expect("it prints text"))
    }
}
