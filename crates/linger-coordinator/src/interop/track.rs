//! A task tracker as a member.

use std::borrow::Cow;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::task::TaskTracker;

use crate::coordinator::Coordinator;
use crate::inbox::Inbox;
use crate::member::{Member, RegisterError};
use crate::park;
use crate::phase::Phase;

/// How often the tasks that are left are counted.
const LOOK: Duration = Duration::from_millis(100);

impl Coordinator {
    /// Makes a task tracker a member of `phase`, done when the tracker is closed and empty.
    ///
    /// When the phase begins, the tracker is closed, and the number of tasks left becomes the
    /// member's note, brought up to date every 100 ms. Tasks that are tracked meanwhile count, as
    /// in [`TaskTracker::wait`]. That is done on a thread of its own, which begins with the phase
    /// and ends with the shutdown at the latest: it needs no runtime, and a blocked one makes it
    /// neither late nor wrong. If no time is left for the phase, it is skipped as a hook is.
    ///
    /// Tracked tasks are counted, not known: they have no names, nobody tells them to stop, and
    /// nothing aborts them when the phase is forced: what is left then is
    /// [abandoned](crate::Outcome::Abandoned). Give them a token ([`token`](Self::token), or that
    /// of a member of the phase), or make each a member with [`spawn`](Self::spawn).
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Phase, tokio_util::task::TaskTracker};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let stop = Coordinator::builder().start()?;
    /// let requests = TaskTracker::new();
    /// stop.track("requests", Phase::WORK, requests.clone())?;
    /// requests.spawn(stop.token().cancelled_owned());
    /// stop.shutdown();
    /// let report = stop.wait().await;
    /// assert_eq!(report.member("requests").unwrap().note(), Some("0 tasks left"));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn track(
        &self,
        name: impl Into<Cow<'static, str>>,
        phase: Phase,
        tracker: TaskTracker,
    ) -> Result<(), RegisterError> {
        let inbox = Arc::clone(&self.core().inbox);
        self.blocking_hook(name, phase, move |member| {
            wait_for(&tracker, &member, &inbox);
            Ok(())
        })
    }
}

/// Until the tracker is closed and empty, or the report there.
fn wait_for(tracker: &TaskTracker, member: &Member, inbox: &Inbox) {
    tracker.close();
    let mut empty = pin!(tracker.wait());
    let mut noted = None;
    while !inbox.is_finished() {
        let left = tracker.len();
        if noted.replace(left) != Some(left) {
            member.note(Left(left));
        }
        if park::block_on(empty.as_mut(), Some(Instant::now() + LOOK)).is_some() {
            member.note(Left(0));
            return;
        }
    }
}

struct Left(usize);

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 task left"),
            tasks => write!(f, "{tasks} tasks left"),
        }
    }
}
