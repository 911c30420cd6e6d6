//! The programs of a run, and where their processes live.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::hosts::Hosts;

/// What a run starts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Programs {
    /// The node, which plays publisher and subscriber.
    pub node: PathBuf,
    /// The interpreter with pyzmq, for the subscriber in Python; without it that one is Rust, too.
    pub python: Option<PathBuf>,
}

impl Programs {
    /// With this node, and the Python that `cargo xtask test --setup` prepared in that target
    /// folder, if it did.
    #[must_use]
    pub fn new(node: PathBuf, target: &Path) -> Self {
        let python = target.join("python/bin/python3");
        Self {
            node,
            python: python.is_file().then_some(python),
        }
    }

    /// A role of the node, on one of the hosts.
    pub(crate) fn node(&self, hosts: &Hosts, host: u16, role: &str) -> Command {
        let mut command = hosts.command(host, &self.node);
        command.arg(role);
        command
    }

    /// The subscriber in Python: the one place that knows how it is started.
    pub(super) fn python(&self, hosts: &Hosts, host: u16) -> Option<Command> {
        let interpreter = self.python.as_ref()?;
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = hosts.command(host, interpreter);
        command.arg(here.join("python/sink.py"));
        command.env("PYTHONPATH", here.join("../../examples/python"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        Some(command)
    }
}
