//! Any future as a trigger.

use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;

use crate::coordinator::Coordinator;
use crate::member::RegisterError;
use crate::origin::Origin;
use crate::reason::Reason;
use crate::tasks::caught;

impl Coordinator {
    /// Begins the shutdown, with `reason`, when `future` ends, whatever its output is.
    ///
    /// It runs on the caller's tokio runtime, or on the one that the coordinator was started in.
    /// It counts as no handle of the coordinator and keeps no runtime up. A shutdown that begins
    /// otherwise drops it, and its reason does not appear. A panic in it begins the shutdown too,
    /// as [`Reason::MemberPanicked`] under the name `trigger_on` with the caller's file and line.
    ///
    /// A runtime that goes away takes it along: then it triggers nothing.
    ///
    /// # Errors
    ///
    /// There is no runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Reason, tokio_util::sync::CancellationToken};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lease = CancellationToken::new();       // someone else's
    /// let stop = Coordinator::builder().start()?;
    /// stop.trigger_on(lease.clone().cancelled_owned(), Reason::custom("lease lost"))?;
    /// lease.cancel();
    /// assert_eq!(*stop.wait().await.reason(), Reason::custom("lease lost"));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn trigger_on<F>(&self, future: F, reason: Reason) -> Result<(), RegisterError>
    where
        F: Future + Send + 'static,
    {
        let origin = Origin::of(Location::caller());
        let runtime = self.runtime("trigger_on")?;
        // Not a handle: the drop of the last one has to begin the shutdown.
        let inbox = Arc::clone(&self.core().inbox);
        runtime.spawn(self.token().run_until_cancelled_owned(async move {
            let ended = caught(pin!(future)).await;
            inbox.trigger(match &ended {
                Ok(_) => reason,
                Err(text) => Reason::MemberPanicked {
                    name: format!("trigger_on at {origin}"),
                    text: text.clone(),
                },
            });
            // Its drop is the user's code, and may take long.
            drop(ended);
        }));
        Ok(())
    }
}
