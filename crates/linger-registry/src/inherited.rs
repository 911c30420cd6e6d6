//! What a registry says in a process that was forked from the one that made it.
//!
//! It says how things stood at the fork, if that can be seen without waiting: whoever had a lock of
//! the registry then is not there to give it back.

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use crate::fork::look;
use crate::info::{SocketInfo, SocketState};
use crate::outcome::ContextOutcome;
use crate::report::{Omitted, Report};
use crate::shared::Shared;

/// How often a lock is tried that another thread of this same process may hold.
const TRIES: usize = 1_000;

/// What was found at the first look.
///
/// Behind a lock of std's: to release one wakes who waits for it, and takes no other lock for that.
#[derive(Default)]
pub(crate) struct Inherited(Mutex<Option<Report>>);

impl Inherited {
    /// Held for a few instructions; but a child can fork too.
    fn lock(&self) -> Option<MutexGuard<'_, Option<Report>>> {
        (0..TRIES).find_map(|_| match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                thread::yield_now();
                None
            }
        })
    }
}

impl<S, C> Shared<S, C> {
    /// Whether this is another process than the one that made it.
    pub(crate) fn is_forked(&self) -> bool {
        self.maker.is_other()
    }

    /// The one report of a forked child; without a socket in it if the fork came while another
    /// thread of the parent had the table.
    pub(crate) fn inherited_report(&self) -> Report {
        match self.inherited.lock() {
            Some(mut known) => known.get_or_insert_with(|| self.find_inherited()).clone(),
            None => self.nothing_known(),
        }
    }

    pub(crate) fn inherited_sockets(&self) -> Vec<SocketInfo> {
        let report = self.inherited_report();
        let sockets = report.sockets().iter().map(|socket| socket.info());
        sockets
            .filter(|info| info.state() != SocketState::Closed)
            .cloned()
            .collect()
    }

    /// How many sockets their owners hold.
    pub(crate) fn owned(&self) -> usize {
        if !self.is_forked() {
            return self.table.lock().owned();
        }
        let sockets = self.inherited_sockets();
        let open = |info: &&SocketInfo| info.state() == SocketState::Open;
        sockets.iter().filter(open).count()
    }

    fn find_inherited(&self) -> Report {
        let now = Instant::now();
        look(self.table.try_lock(), |table| {
            table.inherited(now, self.maker)
        })
        .unwrap_or_else(|| self.nothing_known())
    }

    fn nothing_known(&self) -> Report {
        let context = ContextOutcome::Forked {
            made_in: self.maker.pid(),
        };
        Report::new(Vec::new(), context, Omitted::default(), Duration::ZERO)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::process;

    use fork::{Fork, WEXITSTATUS, WIFEXITED, fork, waitpid};

    use super::*;
    use crate::registry::RegistryState;

    /// What the child finds with every lock of the registry held, as it was at the fork.
    fn look_around(shared: &Shared) -> bool {
        let report = shared.inherited_report();
        shared.state() == RegistryState::Forked
            && report.is_same(&shared.inherited_report())
            && matches!(report.context(), ContextOutcome::Forked { .. })
            && report.sockets().is_empty()
            && shared.owned() == 0
            && shared.group("default").is_stopped()
            && shared
                .open::<()>(Err("some"), |_, _, _| unreachable!())
                .is_err()
    }

    #[test]
    fn with_every_lock_held_at_the_fork_a_child_still_comes_to_its_end() {
        let shared: Shared = Shared::new();
        let status = shared.lend(|_gate| {
            let _held = (shared.groups.lock(), shared.table.lock());
            match fork().unwrap() {
                Fork::Parent(child) => Err::<zmq::Context, _>(waitpid(child).unwrap()),
                Fork::Child => {
                    thread::spawn(|| {
                        thread::park_timeout(Duration::from_secs(8));
                        process::exit(3);
                    });
                    shared.abandon();
                    process::exit(i32::from(!look_around(&shared)));
                }
            }
        });
        let status = status.unwrap().err().unwrap();
        assert!(WIFEXITED(status) && WEXITSTATUS(status) == 0, "{status:#x}");
    }
}
