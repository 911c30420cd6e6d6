//! One run: a process, what begins its stop, and what it leaves.

use super::error::TroubleError;
use super::full::full_pipe;
use super::judge::Evidence;
use super::plan::{Alarm, Moment, Plan};
use crate::child::{Child, Exit, ExitError, Signal};
use serde_json::Value;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take that has no deadline of its own.
const SOON: Duration = Duration::from_secs(20);

/// How far past its deadline a process is waited for, before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The process, and what it has said so far.
struct Watched {
    child: Child,
    said: Vec<Value>,
}

/// Carries out what is planned.
pub(super) fn carry_out(
    plan: &Plan,
    program: &Path,
    is_busy: bool,
) -> Result<Evidence, (TroubleError, String)> {
    let mut command = Command::new(program);
    command
        .arg(plan.seed.to_string())
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Open and unread until the end.
    let mut _unread = None;
    if plan.is_stderr_full() {
        let (read, filled) = full_pipe().map_err(|error| (error.into(), String::new()))?;
        command.stderr(filled);
        _unread = Some(read);
    }
    let spawned = Instant::now();
    let child = Child::spawn_unheard(&format!("seed {}", plan.seed), &mut command)
        .map_err(|error| (error.into(), String::new()))?;
    drop(command);
    let mut watched = Watched {
        child,
        said: Vec::new(),
    };
    stop(plan, spawned, &mut watched, is_busy).map_err(|error| {
        // Killed first, or its last words are waited for in vain.
        let _ = watched.child.signal(Signal::Kill);
        let words = watched.child.wait_for_last_lines(Instant::now() + SOON);
        (error, words.unwrap_or_else(|error| error.to_string()))
    })
}

fn stop(
    plan: &Plan,
    spawned: Instant,
    watched: &mut Watched,
    is_busy: bool,
) -> Result<Evidence, TroubleError> {
    let sent = match plan.moment {
        Some(moment) => watched.wait_for_moment(plan, moment, spawned)?,
        None => {
            watched.wait_for("ready")?;
            Instant::now()
        }
    };
    let was_listening = watched.has_said("started");
    match plan.alarm {
        Alarm::Signal(signal) => watched.child.signal(signal)?,
        Alarm::Request | Alarm::Failure => watched.child.say("go")?,
    }
    let mut deadline = sent + plan.budget;
    for (nth, (&signal, cue)) in (2..).zip(plan.later_signals().iter().zip(["triggered", "forced"]))
    {
        watched.wait_for(cue)?;
        let sent = Instant::now();
        watched.child.signal(signal)?;
        deadline = match nth {
            // A runtime that can't end has the whole budget for it.
            2 if plan.is_stuck() => deadline,
            2 => deadline.min(sent + plan.left_by_a_second_signal()),
            _ => sent,
        };
    }
    let exit = watched.wait_for_exit(deadline + PATIENCE)?;
    let hard = sent + plan.budget;
    let output = watched.child.wait_for_last_lines(Instant::now() + SOON)?;
    watched.take_all();
    Ok(Evidence {
        plan: plan.clone(),
        said: std::mem::take(&mut watched.said),
        errors: watched.child.last_errors(),
        output,
        was_listening,
        hard,
        deadline,
        exit,
        is_busy,
    })
}

impl Watched {
    /// Waits for this word.
    fn wait_for(&mut self, event: &str) -> Result<(), TroubleError> {
        let deadline = Instant::now() + SOON;
        loop {
            let line = self.child.wait_for_line(deadline, |_| true)?;
            let Ok(said) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            if said["event"] == "error" {
                let text = said["text"].as_str().unwrap_or_default();
                return Err(TroubleError::Child(text.to_owned()));
            }
            let is_it = said["event"] == event;
            self.said.push(said);
            if is_it {
                return Ok(());
            }
        }
    }

    fn wait_for_moment(
        &mut self,
        plan: &Plan,
        moment: Moment,
        spawned: Instant,
    ) -> Result<Instant, TroubleError> {
        let at = match moment {
            Moment::Spawned(after) => spawned + after,
            Moment::Starting(after) => {
                self.wait_for("starting")?;
                Instant::now() + after
            }
            Moment::Caught => {
                if let Alarm::Signal(signal) = plan.alarm {
                    wait_until_caught(self.child.pid(), signal)?;
                }
                Instant::now()
            }
            Moment::Started(after) => {
                self.wait_for("started")?;
                Instant::now() + after
            }
        };
        // Parked, it would come some 50 us late: that is a long time here.
        while Instant::now() < at {
            std::hint::spin_loop();
        }
        Ok(Instant::now())
    }

    fn has_said(&self, event: &str) -> bool {
        self.said.iter().any(|said| said["event"] == event)
    }

    /// How it ended; none where it had to be killed.
    fn wait_for_exit(&self, limit: Instant) -> Result<Option<Exit>, TroubleError> {
        match self.child.wait_for_exit(limit) {
            Ok(exit) => Ok(Some(exit)),
            Err(ExitError::Deadline { .. }) => {
                self.child.signal(Signal::Kill)?;
                Ok(None)
            }
            Err(error) => Err(TroubleError::Io(io::Error::other(error))),
        }
    }

    /// What else it said; its stdout is at its end.
    fn take_all(&mut self) {
        while let Ok(line) = self.child.wait_for_line(Instant::now(), |_| true) {
            self.said.extend(serde_json::from_str::<Value>(&line));
        }
    }
}

/// Waits until the process handles the signal itself.
fn wait_until_caught(pid: u32, signal: Signal) -> io::Result<()> {
    let status = format!("/proc/{pid}/status");
    let deadline = Instant::now() + SOON;
    // Not asleep in between: what may be wrong then lasts a few microseconds.
    while !is_caught(&std::fs::read_to_string(&status)?, signal) {
        if Instant::now() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    Ok(())
}

fn is_caught(status: &str, signal: Signal) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal.number() - 1)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_a_process_says_which_signals_it_handles() {
        let status =
            "Name:\tx\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000004440\nThreads:\t1\n";
        assert!(is_caught(status, Signal::Terminate));
        assert!(!is_caught(status, Signal::Interrupt));
        assert!(!is_caught("", Signal::Terminate));
    }
}
