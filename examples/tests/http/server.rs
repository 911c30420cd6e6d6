//! An example as a process that serves.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use linger_testkit::child::{Child, Signal};

use crate::client::LONG;

pub(crate) struct Server {
    child: Child,
    pub(crate) at: SocketAddr,
}

impl Server {
    /// Starts `program`, and waits until it listens.
    pub(crate) fn start(program: &str, args: &[&str]) -> Self {
        let child = Child::spawn(program, Command::new(program).args(args)).unwrap();
        let listens = |line: &str| line.starts_with("listening on ");
        let line = child.wait_for_line(soon(), listens).unwrap();
        let at = line.trim_start_matches("listening on ").parse().unwrap();
        Self { child, at }
    }

    pub(crate) fn terminate(&self) {
        self.child.signal(Signal::Terminate).unwrap();
    }

    /// Waits for its end: its exit code, and what it wrote.
    pub(crate) fn end(self) -> (Option<i32>, String) {
        let exit = self.child.wait_for_exit(soon()).unwrap();
        // Its pipes are read to their end by then, or a moment later.
        let _ = self
            .child
            .wait_for_line(Instant::now() + Duration::from_secs(5), |_| false);
        (exit.status.code(), self.child.last_lines())
    }
}

fn soon() -> Instant {
    Instant::now() + LONG
}
