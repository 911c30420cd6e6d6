//! The thread driver: blocking closures and hooks, each on a thread of its own.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::thread;

use crate::coordinator::Coordinator;
use crate::ending::{BoxError, outcome_of};
use crate::member::{Member, RegisterError};
use crate::name::Name;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::room::Entry;
use crate::seat::{Running, Seat};

impl Coordinator {
    /// Runs a blocking closure on a thread of its own, as a member of `phase`.
    ///
    /// Its thread is a plain one, not one of a runtime's pool: a closure that never returns is
    /// named as abandoned and does not keep a runtime from ending. An error or a panic while the
    /// service runs starts the shutdown; a good end does not.
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun; no thread could be
    /// started.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Phase};
    ///
    /// let stop = Coordinator::builder().start()?;
    /// stop.spawn_blocking("pump", Phase::INTAKE, |member| {
    ///     let port: u16 = "5556".parse()?;
    ///     member.note(port);
    ///     member.wait();
    ///     Ok(())
    /// })?;
    /// stop.shutdown();
    /// assert!(stop.wait_blocking().is_clean());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(
        &self,
        name: impl Into<Cow<'static, str>>,
        phase: Phase,
        body: F,
    ) -> Result<(), RegisterError>
    where
        F: FnOnce(Member) -> Result<(), BoxError> + Send + 'static,
    {
        let mut entry = Entry::new(name.into());
        entry.on_failure = true;
        let name = entry.name.clone();
        let seat = Arc::new(self.seat(phase, entry)?);
        run_on_thread(seat, name.clone(), body).map_err(|source| RegisterError::Thread {
            name: name.to_string(),
            source,
        })
    }

    /// Runs a blocking closure on a thread of its own when `phase` begins.
    ///
    /// Hooks of one phase run side by side, and beside its members. An error or a panic is the
    /// hook's outcome, and the others go on.
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Phase};
    ///
    /// let stop = Coordinator::builder().start()?;
    /// stop.blocking_hook("close", Phase::WORK, |member| {
    ///     let deadline = member.deadline();       // by when to be done
    ///     assert!(deadline.is_some());
    ///     Ok(())
    /// })?;
    /// stop.shutdown();
    /// assert!(stop.wait_blocking().is_clean());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn blocking_hook<F>(
        &self,
        name: impl Into<Cow<'static, str>>,
        phase: Phase,
        hook: F,
    ) -> Result<(), RegisterError>
    where
        F: FnOnce(Member) -> Result<(), BoxError> + Send + 'static,
    {
        let entry = Entry::new(name.into());
        let name = entry.name.clone();
        self.hook_entry(phase, entry, move |seat| {
            let failed = Arc::clone(&seat);
            if let Err(error) = run_on_thread(seat, name, hook) {
                failed.settle(Outcome::Failed(format!("no thread: {error}")));
            }
        })
    }

    pub(crate) fn hook_entry(
        &self,
        phase: Phase,
        mut entry: Entry,
        job: impl FnOnce(Arc<Seat>) + Send + 'static,
    ) -> Result<(), RegisterError> {
        entry.job = Some(Box::new(job));
        let Some(room) = self.core().room(phase) else {
            return Err(RegisterError::UnknownPhase {
                name: entry.name.to_string(),
                phase,
            });
        };
        // No seat before it runs: the entry stays until then.
        room.register(entry).map(|_| ())
    }
}

fn run_on_thread<F>(seat: Arc<Seat>, name: Name, body: F) -> io::Result<()>
where
    F: FnOnce(Member) -> Result<(), BoxError> + Send + 'static,
{
    // A thread's name can't hold NUL.
    let thread = thread::Builder::new().name(name.replace('\0', "?"));
    let member = Member::new(Arc::clone(&seat), name);
    let running = Running::new(seat);
    thread
        .spawn(move || running.finish(outcome_of(|| body(member))))
        .map(|_| ())
}
