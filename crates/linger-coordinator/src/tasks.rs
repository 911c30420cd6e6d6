//! The tokio driver: tasks and async hooks.

use std::borrow::Cow;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::runtime::Handle;

use crate::coordinator::Coordinator;
use crate::ending::{Ending, outcome_of, panic_text};
use crate::hook::ShutdownHook;
use crate::member::{Member, RegisterError};
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::room::Entry;
use crate::seat::{Running, Seat};

impl Coordinator {
    /// Spawns a task as a member of `phase`.
    ///
    /// It runs on the caller's tokio runtime, or on the one that the coordinator was started in.
    /// An error or a panic while the service runs starts the shutdown; a good end does not. When
    /// its phase is forced, the task is aborted.
    ///
    /// What a task holds is dropped when it ends. The memory that tokio has for the task itself is
    /// given back when all is over, if it ends while the shutdown runs.
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun; there is no runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Phase};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let stop = Coordinator::builder().start()?;
    /// stop.spawn("ticker", Phase::INTAKE, |member| async move {
    ///     member.token().cancelled().await;
    /// })?;
    /// stop.shutdown();
    /// assert!(stop.wait().await.is_clean());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn<F, T>(
        &self,
        name: impl Into<Cow<'static, str>>,
        phase: Phase,
        task: F,
    ) -> Result<(), RegisterError>
    where
        F: FnOnce(Member) -> T,
        T: Future + Send + 'static,
        T::Output: Ending,
    {
        let mut entry = Entry::new(name.into());
        entry.on_failure = true;
        let runtime = self.runtime(&entry.name)?;
        let name = entry.name.clone();
        let seat = Arc::new(self.seat(phase, entry)?);
        let future = task(Member::new(Arc::clone(&seat), name));
        run_on(&runtime, seat, future);
        Ok(())
    }

    /// Runs an async closure when `phase` begins.
    ///
    /// Hooks of one phase run side by side, and beside its members, on the runtime where the hook
    /// was registered. An error or a panic is the hook's outcome, and the others go on.
    /// [`hook_with`](Self::hook_with) hands a [`Member`] to the hook.
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun; there is no runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Phase};
    ///
    /// # async fn flush_metrics() -> std::io::Result<()> { Ok(()) }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let stop = Coordinator::builder().start()?;
    /// stop.hook("flush", Phase::TELEMETRY, || async { flush_metrics().await })?;
    /// stop.shutdown();
    /// assert!(stop.wait().await.is_clean());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn hook<F, T>(
        &self,
        name: impl Into<Cow<'static, str>>,
        phase: Phase,
        hook: F,
    ) -> Result<(), RegisterError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Future + Send + 'static,
        T::Output: Ending,
    {
        let entry = Entry::new(name.into());
        let runtime = self.runtime(&entry.name)?;
        self.hook_entry(phase, entry, move |seat| {
            run_on(&runtime, seat, async move { hook().await });
        })
    }

    /// Runs a [`ShutdownHook`] when `phase` begins.
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun; there is no runtime.
    #[track_caller]
    pub fn hook_with(
        &self,
        name: impl Into<Cow<'static, str>>,
        phase: Phase,
        hook: impl ShutdownHook,
    ) -> Result<(), RegisterError> {
        let entry = Entry::new(name.into());
        let runtime = self.runtime(&entry.name)?;
        let name = entry.name.clone();
        self.hook_entry(phase, entry, move |seat| {
            let member = Member::new(Arc::clone(&seat), name);
            let mut hook = hook;
            run_on(&runtime, seat, async move { hook.run(&member).await });
        })
    }

    /// The caller's runtime, or else that of the start.
    pub(crate) fn runtime(&self, name: &str) -> Result<Handle, RegisterError> {
        Handle::try_current()
            .ok()
            .or_else(|| self.core().runtime.clone())
            .ok_or_else(|| RegisterError::NoRuntime {
                name: name.to_owned(),
            })
    }
}

fn run_on<T>(runtime: &Handle, seat: Arc<Seat>, future: T)
where
    T: Future + Send + 'static,
    T::Output: Ending,
{
    let (room, key) = (Arc::clone(&seat.room), seat.key);
    let running = Running::new(seat);
    let task = runtime.spawn(Task {
        future: Some(future),
        running: Some(running),
    });
    room.set_abort(key, task.abort_handle());
}

/// Runs a future to its end; a panic is an end too, with its text.
pub(crate) async fn caught<T: Future>(mut future: Pin<&mut T>) -> Result<T::Output, String> {
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic_text(panic))),
        },
    )
    .await
}

pin_project! {
    /// A task of a member: the future, and the seat that is held while it runs.
    ///
    /// Written by hand, as an async block keeps room for the future twice. When the task is
    /// aborted, first what the future holds is dropped, then the seat.
    struct Task<T> {
        #[pin]
        future: Option<T>,
        running: Option<Running>,
    }
}

impl<T> Future for Task<T>
where
    T: Future,
    T::Output: Ending,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Ready(());
        };
        let outcome = match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(ending)) => outcome_of(|| ending),
            Err(panic) => Outcome::Panicked(panic_text(panic)),
        };
        // What it holds is gone before it counts as done, and a panic there is its panic.
        let outcome = match outcome_of(|| this.future.set(None)) {
            Outcome::Done => outcome,
            panicked => panicked,
        };
        if let Some(running) = this.running.take() {
            running.finish(outcome);
        }
        Poll::Ready(())
    }
}
