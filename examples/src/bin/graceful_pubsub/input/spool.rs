//! A copy on disk of what can be read only once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process;

/// A temporary file, removed when this is dropped.
#[derive(Debug)]
pub(super) struct Spool {
    path: PathBuf,
}

impl Spool {
    pub(super) fn of(mut from: impl Read) -> io::Result<Self> {
        let (spool, mut file) = Self::create()?;
        io::copy(&mut from, &mut file)?;
        Ok(spool)
    }

    fn create() -> io::Result<(Self, File)> {
        let mut attempt = 0;
        loop {
            let name = format!("graceful_pubsub-{}-{attempt}.lines", process::id());
            let path = std::env::temp_dir().join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Self { path }, file)),
                // Left behind by a process that had this id before.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // Left in the temporary directory it harms nobody.
        let _ = fs::remove_file(&self.path);
    }
}
