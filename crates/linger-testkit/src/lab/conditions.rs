//! Under which conditions experiments run.

use std::path::PathBuf;
use std::process::Command;

use linger::zmq;

use super::error::LabError;
use crate::child::Child;

/// How large experiments are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// As large as is worth reporting.
    Full,
    /// Just large enough to show the claim: about a second each.
    Quick,
}

/// What the caller decides.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Conditions {
    /// How large experiments are.
    pub size: Size,
    /// The program that [plays roles](super::play) when its first argument is `role`.
    pub program: PathBuf,
}

impl Conditions {
    /// Of that size, with that program for what needs a process of its own.
    #[must_use]
    pub const fn new(size: Size, program: PathBuf) -> Self {
        Self { size, program }
    }
}

/// What an experiment is given.
#[derive(Debug)]
pub(crate) struct Lab {
    conditions: Conditions,
    libzmq: String,
    is_shared: bool,
}

impl Lab {
    pub(crate) fn new(conditions: Conditions) -> Result<Self, LabError> {
        let (major, minor, patch) = zmq::version();
        Ok(Self {
            conditions,
            libzmq: format!("{major}.{minor}.{patch}"),
            is_shared: is_shared()?,
        })
    }

    /// The version of the libzmq that is linked.
    pub(crate) fn libzmq(&self) -> &str {
        &self.libzmq
    }

    /// Whether libzmq is the system's, and not the one that is compiled in.
    pub(crate) const fn is_system_libzmq(&self) -> bool {
        self.is_shared
    }

    /// The one for a full run, the other for a quick one.
    pub(crate) fn size<T>(&self, full: T, quick: T) -> T {
        match self.conditions.size {
            Size::Full => full,
            Size::Quick => quick,
        }
    }

    /// Starts a process that plays that role; it is killed when the child is dropped.
    pub(crate) fn spawn(&self, role: &str, args: &[&str]) -> Result<Child, LabError> {
        let mut command = Command::new(&self.conditions.program);
        command.arg("role").arg(role).args(args);
        Ok(Child::spawn(role, &mut command)?)
    }
}

/// Whether a libzmq was loaded that is not part of this program.
#[cfg(target_os = "linux")]
fn is_shared() -> std::io::Result<bool> {
    Ok(std::fs::read_to_string("/proc/self/maps")?.contains("libzmq.so"))
}

/// Elsewhere the build has to say so.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "fails on Linux")]
fn is_shared() -> std::io::Result<bool> {
    Ok(std::env::var_os("LINGER_SYSTEM_LIBZMQ").is_some())
}
