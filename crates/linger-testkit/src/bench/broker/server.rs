//! The broker: a child process on a port of its own.

use super::AMPLE;
use crate::bench::BenchError;
use crate::child::Child;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What to say where it is missing.
pub(super) const HINT: &str =
    "nats-server is not installed (apt-get install nats-server, or cargo xtask test --setup)";

/// Where it is looked for; Debian has it where not everyone's path leads.
const PROGRAMS: [&str; 2] = ["nats-server", "/usr/sbin/nats-server"];

/// The line in which it tells its port.
const LISTENS: &str = "Listening for client connections on ";

/// A running one, with JetStream; it is stopped when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    _child: Child,
    address: String,
    // After the child, which has files in it.
    _folder: Folder,
}

/// What starts it on this machine, if anything does.
pub(super) fn program() -> Option<&'static str> {
    let has_version = |program: &&str| runs(Command::new(program).arg("--version"));
    PROGRAMS.into_iter().find(has_version)
}

fn runs(command: &mut Command) -> bool {
    command.stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What starts it so that it is killed with the thread that does, should that be killed; where
/// util-linux can't do that, it would run on.
fn tied(program: &str) -> Command {
    const TIE: [&str; 2] = ["--pdeathsig", "KILL"];
    if runs(Command::new("setpriv").args(TIE).arg("true")) {
        let mut command = Command::new("setpriv");
        command.args(TIE).arg(program);
        return command;
    }
    Command::new(program)
}

impl Server {
    /// Starts it, and waits until it listens.
    pub(super) fn start(program: &str) -> Result<Self, BenchError> {
        let folder = Folder::new()?;
        let mut command = tied(program);
        // Any free port, loopback alone. The folder stays nearly empty: the stream is in memory.
        command.args(["--jetstream", "--addr", "127.0.0.1", "--port", "-1"]);
        command.arg("--store_dir").arg(&folder.0);
        // Fewer collections of garbage, for more memory.
        command.env("GOGC", "400");
        let wrong = |error: &dyn std::error::Error| BenchError::Wrong(error.to_string());
        let child = Child::spawn("nats-server", &mut command).map_err(|error| wrong(&error))?;
        let line = child
            .wait_for_error_line(Instant::now() + AMPLE, |line| line.contains(LISTENS))
            .map_err(|error| wrong(&error))?;
        let address = line.rsplit(LISTENS).next().unwrap_or_default();
        Ok(Self {
            address: address.trim().to_owned(),
            _child: child,
            _folder: folder,
        })
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

/// A folder that goes with this.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, BenchError> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("linger-bench-nats-{}-{number}", process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed lies with other temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
