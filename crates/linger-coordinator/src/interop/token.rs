//! A token for the whole shutdown.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio_util::sync::CancellationToken;

use crate::coordinator::Coordinator;

/// What is handed out is a child of it. It never leaves the coordinator: any clone of a token can
/// cancel what it is a clone of.
#[derive(Debug, Default)]
pub(crate) struct Root(CancellationToken);

impl Root {
    pub(crate) fn child(&self) -> CancellationToken {
        self.0.child_token()
    }

    pub(crate) fn cancel(&self) {
        // A waker that panics must not take the engine with it.
        let _ = catch_unwind(AssertUnwindSafe(|| self.0.cancel()));
    }
}

impl Coordinator {
    /// A token that is cancelled when the shutdown begins; another one at each call.
    ///
    /// For code that knows `CancellationToken` and has no place among the phases. It is cancelled
    /// by a thread of the coordinator, before the first phase begins, so a blocked runtime does
    /// not delay it. Nobody waits for who holds it: that is what members are for, and
    /// [`Member::token`](crate::Member::token) is cancelled when the member's phase begins.
    ///
    /// Cancelling it cancels its clones and children, begins no shutdown and reaches nobody else.
    /// That of a [part](Self::part) is cancelled when the part stops, alone or with the whole.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::Coordinator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let stop = Coordinator::builder().start()?;
    /// let cache = tokio::spawn(stop.token().run_until_cancelled_owned(async {
    ///     std::future::pending::<()>().await      // refresh it, again and again
    /// }));
    /// stop.shutdown();
    /// assert!(cache.await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.core().root.child()
    }
}
