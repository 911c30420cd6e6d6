//! Python with pyzmq and mypy, in the target folder: for the tests of the subscriber written in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::CargoError;
use crate::requirement::{PYTHON, runs};
use crate::workspace::target_folder;

/// A virtual environment, there or not.
#[derive(Debug)]
pub(crate) struct Python {
    folder: PathBuf,
}

impl Python {
    /// Where the tests look for it.
    pub(crate) fn of_the_tests() -> Result<Self, CargoError> {
        let folder = target_folder()?.join("python");
        Ok(Self { folder })
    }

    /// Where it is, or would be.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn interpreter(&self) -> PathBuf {
        self.folder.join("bin/python3")
    }

    /// Whether it is there, with what `requirements.txt` names.
    pub(crate) fn is_met(&self) -> bool {
        runs(
            Command::new(self.interpreter()).args(["-c", "import mypy, zmq"]),
            false,
        )
    }

    /// Looks for it, and makes it where it is missing and that is wanted; true if it is there.
    pub(crate) fn meet(&self, install: bool) -> bool {
        if self.is_met() {
            return true;
        }
        install && PYTHON.meet(true) && self.make() && self.is_met()
    }

    fn make(&self) -> bool {
        println!("installing pyzmq and mypy into {}", self.folder.display());
        let wanted =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/python/requirements.txt");
        let mut environment = Command::new("python3");
        environment
            .args(["-m", "venv", "--clear"])
            .arg(&self.folder);
        let mut packages = Command::new(self.interpreter());
        packages
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(wanted);
        runs(&mut environment, true) && runs(&mut packages, true)
    }

    /// What to say where it is missing.
    pub(crate) fn missing() -> &'static str {
        "the tests in Python: pyzmq and mypy are not installed (cargo xtask test --setup)"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_met() {
        let folder = PathBuf::from("/no/such/folder");
        assert!(!Python { folder }.meet(false));
    }

    #[test]
    fn an_interpreter_without_its_packages_is_not_met() {
        let name = format!("linger-xtask-python-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        // It runs, and fails: as Python does where an import fails.
        std::os::unix::fs::symlink("/bin/false", folder.join("bin/python3")).unwrap();
        let python = Python {
            folder: folder.clone(),
        };
        assert!(!python.is_met());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
