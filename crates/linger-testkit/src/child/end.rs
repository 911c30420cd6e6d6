//! The end of a process: seen at once, reaped only under the lock that signals are sent under.

use std::process::{self, ExitStatus};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process, waitid};

use super::{ExitError, Signal, SignalError};

/// How and when a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exit {
    /// Its exit code, or the signal that ended it.
    pub status: ExitStatus,
    /// When its end was seen.
    pub at: Instant,
}

#[derive(Debug)]
pub(super) struct End {
    pid: u32,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug)]
struct State {
    process: process::Child,
    exit: Option<Exit>,
    unobserved: bool,
}

impl End {
    pub(super) fn new(process: process::Child) -> Self {
        Self {
            pid: process.id(),
            state: Mutex::new(State {
                process,
                exit: None,
                unobserved: false,
            }),
            ended: Condvar::new(),
        }
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the process has ended, and reaps it: the work of a thread.
    pub(super) fn observe(&self) {
        let pid = Pid::from_child(&self.state.lock().process);
        // NOWAIT leaves the dead process in place, and with it the pid, until we hold the lock.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(pid), options).is_err_and(|errno| errno == Errno::INTR) {}
        self.settle(Instant::now());
    }

    /// Reaps a process that has ended or was killed; nothing where that has been done.
    pub(super) fn reap(&self) {
        self.settle(Instant::now());
    }

    fn settle(&self, at: Instant) {
        let mut state = self.state.lock();
        if state.exit.is_none() && !state.unobserved {
            // Its end was seen, or it was killed: this returns at once.
            match state.process.wait() {
                Ok(status) => state.exit = Some(Exit { status, at }),
                Err(_) => state.unobserved = true,
            }
        }
        drop(state);
        self.ended.notify_all();
    }

    pub(super) fn signal(&self, name: &str, signal: Signal) -> Result<(), SignalError> {
        let state = self.state.lock();
        if let Some(exit) = state.exit {
            return Err(SignalError::Ended {
                name: name.to_owned(),
                status: exit.status,
            });
        }
        if state.unobserved {
            // Whoever reaped it may have given the pid away.
            let source = std::io::ErrorKind::NotFound.into();
            return Err(SignalError::Refused {
                name: name.to_owned(),
                signal,
                source,
            });
        }
        let pid = Pid::from_child(&state.process);
        kill_process(pid, signal.raw()).map_err(|errno| SignalError::Refused {
            name: name.to_owned(),
            signal,
            source: errno.into(),
        })?;
        if signal == Signal::Stop {
            // Its threads run on until one of them has taken the signal in. Nothing can refuse
            // it, so this ends; a process that ends instead is not reaped here.
            let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while waitid(WaitId::Pid(pid), options).is_err_and(|errno| errno == Errno::INTR) {}
        }
        Ok(())
    }

    pub(super) fn exited(&self) -> Option<Exit> {
        self.state.lock().exit
    }

    pub(super) fn wait(&self, name: &str, deadline: Instant) -> Result<Exit, ExitError> {
        let mut state = self.state.lock();
        loop {
            if let Some(exit) = state.exit {
                return Ok(exit);
            }
            if state.unobserved {
                return Err(ExitError::Unobserved {
                    name: name.to_owned(),
                });
            }
            if self.ended.wait_until(&mut state, deadline).timed_out() && state.exit.is_none() {
                return Err(ExitError::Deadline {
                    name: name.to_owned(),
                    pid: self.pid,
                });
            }
        }
    }
}
