//! A child process: its lines, its signals, the moment it ended.

mod end;
mod error;
mod lines;
mod signal;

use std::io::{Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use parking_lot::Mutex;

use end::End;
pub use end::Exit;
pub use error::{ExitError, LineError, SayError, SignalError, SpawnError};
use lines::{Lines, Missed};
pub use signal::Signal;

/// What a child's stdout brought, for whoever listens instead of waiting for lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A line, without its newline.
    Line(&'a str),
    /// The child closed its stdout: nothing more will come.
    End,
}

/// A running child process, killed and reaped when it is dropped.
///
/// Signals only ever go to a process that is still ours: it is reaped under the same lock that a
/// signal is sent under, so a pid that came into other hands is never hit.
///
/// Its stdin is a pipe that ends with this value, or with this whole process: a child that reads
/// its stdin can see that it was left alone.
///
/// Dropping waits until its output ends, which a process that it started itself, and that outlives
/// it, would hold open: this is for children that have no children.
///
/// # Examples
///
/// ```
/// use std::process::Command;
/// use std::time::{Duration, Instant};
/// use linger_testkit::child::Child;
///
/// let soon = Instant::now() + Duration::from_secs(10);
/// let mut cat = Child::spawn("cat", &mut Command::new("cat"))?;
/// cat.say("hello")?;
/// assert_eq!(cat.wait_for_line(soon, |line| line.contains("ell"))?, "hello");
/// cat.close_stdin();
/// assert!(cat.wait_for_exit(soon)?.status.success());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a child is killed when this is dropped"]
pub struct Child {
    name: String,
    end: Arc<End>,
    stdin: Mutex<Option<ChildStdin>>,
    stdout: Arc<Lines>,
    stderr: Arc<Lines>,
    threads: Vec<JoinHandle<()>>,
}

impl Child {
    /// Starts `command` with all three streams piped; `name` is for messages.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] where the process, or the threads that read it, can't be started.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self, SpawnError> {
        Self::start(name, command, |_| true)
    }

    /// Like [`spawn`](Self::spawn), but hands every line of stdout to `listen` as it comes.
    ///
    /// `listen` runs on a thread of the child's own, and has seen [`Heard::End`] by the time the
    /// child was dropped. [`wait_for_line`](Self::wait_for_line) finds nothing then.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] where the process, or the threads that read it, can't be started.
    pub fn spawn_listening(
        name: &str,
        command: &mut Command,
        mut listen: impl FnMut(Heard<'_>) + Send + 'static,
    ) -> Result<Self, SpawnError> {
        Self::start(name, command, move |heard| {
            listen(heard);
            false
        })
    }

    /// Like [`spawn`](Self::spawn), but stdout and stderr go where `command` sends them.
    ///
    /// For outputs that are closed, or full and never read; nothing that waits for lines finds any.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] where the process, or the thread that awaits its end, can't be started.
    pub fn spawn_unheard(name: &str, command: &mut Command) -> Result<Self, SpawnError> {
        Self::run(name, command, |_| true)
    }

    fn start(
        name: &str,
        command: &mut Command,
        keep: impl FnMut(Heard<'_>) -> bool + Send + 'static,
    ) -> Result<Self, SpawnError> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::run(name, command, keep)
    }

    fn run(
        name: &str,
        command: &mut Command,
        mut keep: impl FnMut(Heard<'_>) -> bool + Send + 'static,
    ) -> Result<Self, SpawnError> {
        let failed = |source| SpawnError {
            name: name.to_owned(),
            source,
        };
        let mut process = command.stdin(Stdio::piped()).spawn().map_err(failed)?;
        let (stdin, stdout, stderr) = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        // From here on dropping the child ends the process, also where a thread can't start.
        let mut child = Self {
            name: name.to_owned(),
            end: Arc::new(End::new(process)),
            stdin: Mutex::new(stdin),
            stdout: Arc::default(),
            stderr: Arc::default(),
            threads: Vec::with_capacity(3),
        };
        let lines = Arc::clone(&child.stdout);
        child
            .thread("out", move || {
                read(&lines, stdout, |line| keep(Heard::Line(line)));
                keep(Heard::End);
            })
            .map_err(failed)?;
        let lines = Arc::clone(&child.stderr);
        child
            .thread("err", move || read(&lines, stderr, |_| true))
            .map_err(failed)?;
        let end = Arc::clone(&child.end);
        child.thread("end", move || end.observe()).map_err(failed)?;
        Ok(child)
    }

    fn thread(&mut self, what: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let thread = thread::Builder::new()
            .name(format!("{what} {}", self.name))
            .spawn(run)?;
        self.threads.push(thread);
        Ok(())
    }

    /// The name that it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.end.pid()
    }

    /// Writes a line to its stdin.
    ///
    /// # Errors
    ///
    /// [`SayError`] where the child has closed its stdin, or [`close_stdin`](Self::close_stdin) did.
    pub fn say(&self, line: &str) -> Result<(), SayError> {
        let failed = |source| SayError {
            name: self.name.clone(),
            source,
        };
        let mut stdin = self.stdin.lock();
        let stdin = stdin
            .as_mut()
            .ok_or_else(|| failed(std::io::ErrorKind::NotConnected.into()))?;
        stdin
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| stdin.flush())
            .map_err(failed)
    }

    /// Ends its stdin.
    pub fn close_stdin(&self) {
        *self.stdin.lock() = None;
    }

    /// Waits for the first line of stdout that passes, until `deadline`.
    ///
    /// The lines before it are used up: the next wait begins after it.
    ///
    /// # Errors
    ///
    /// [`LineError`], with the last lines that came instead.
    pub fn wait_for_line(
        &self,
        deadline: Instant,
        wanted: impl FnMut(&str) -> bool,
    ) -> Result<String, LineError> {
        self.take(&self.stdout, deadline, wanted)
    }

    /// Waits for the first line of stderr that passes, until `deadline`.
    ///
    /// # Errors
    ///
    /// [`LineError`], with the last lines that came instead.
    pub fn wait_for_error_line(
        &self,
        deadline: Instant,
        wanted: impl FnMut(&str) -> bool,
    ) -> Result<String, LineError> {
        self.take(&self.stderr, deadline, wanted)
    }

    fn take(
        &self,
        lines: &Lines,
        deadline: Instant,
        wanted: impl FnMut(&str) -> bool,
    ) -> Result<String, LineError> {
        lines.take(deadline, wanted).map_err(|missed| {
            let (name, tail) = (self.name.clone(), self.last_lines());
            match missed {
                Missed::Deadline => LineError::Deadline { name, tail },
                Missed::Ended => LineError::Ended { name, tail },
            }
        })
    }

    /// The last lines that it wrote, stdout first, then stderr.
    #[must_use]
    pub fn last_lines(&self) -> String {
        let (out, err) = (self.stdout.tail(), self.stderr.tail());
        if out.is_empty() || err.is_empty() {
            out + &err
        } else {
            format!("{out}\n{err}")
        }
    }

    /// The last lines that it wrote to stderr.
    #[must_use]
    pub fn last_errors(&self) -> String {
        self.stderr.tail()
    }

    /// Waits until it has closed stdout and stderr, and gives the last lines of both.
    ///
    /// Its end may be seen before its last words: whoever judges them waits here first.
    ///
    /// # Errors
    ///
    /// [`LineError`] where they are still open at `deadline`.
    pub fn wait_for_last_lines(&self, deadline: Instant) -> Result<String, LineError> {
        let ended = [&self.stdout, &self.stderr]
            .iter()
            .all(|lines| lines.wait_for_end(deadline));
        let (name, tail) = (self.name.clone(), self.last_lines());
        if ended {
            Ok(tail)
        } else {
            Err(LineError::Deadline { name, tail })
        }
    }

    /// Sends it a signal. After [`Signal::Stop`] it stands still when this returns.
    ///
    /// # Errors
    ///
    /// [`SignalError::Ended`] once it has ended: a pid is never used after that.
    pub fn signal(&self, signal: Signal) -> Result<(), SignalError> {
        self.end.signal(&self.name, signal)
    }

    /// How it ended, and when, if it has.
    #[must_use]
    pub fn exited(&self) -> Option<Exit> {
        self.end.exited()
    }

    /// Waits for its end, until `deadline`.
    ///
    /// # Errors
    ///
    /// [`ExitError::Deadline`] where it runs on.
    pub fn wait_for_exit(&self, deadline: Instant) -> Result<Exit, ExitError> {
        self.end.wait(&self.name, deadline)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.end.signal(&self.name, Signal::Kill);
        self.close_stdin();
        for thread in self.threads.drain(..) {
            // A listener that panicked has said so on stderr already.
            let _ = thread.join();
        }
        self.end.reap();
    }
}

fn read(lines: &Lines, stream: Option<impl Read>, keep: impl FnMut(&str) -> bool) {
    match stream {
        Some(stream) => lines.read(stream, keep),
        None => lines.read(std::io::empty(), keep),
    }
}

#[cfg(test)]
mod tests;
