//! What a room has for tasks: tokens, and handles to abort them.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::{Key, Room};
use crate::sync::Ordering;

/// The roots of the members' tokens. They never leave the coordinator: any clone of a token can
/// cancel what it is a clone of.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    begun: CancellationToken,
    forced: CancellationToken,
}

impl Roots {
    pub(crate) fn cancel_begun(&self) {
        cancel(&self.begun);
    }

    pub(crate) fn cancel_forced(&self) {
        cancel(&self.forced);
    }
}

/// Wakes a room's members among its runtime's other tasks.
pub(crate) async fn wake_all(room: Arc<Room>) {
    let mut wakers = Vec::new();
    poll_fn(|context| {
        if !room.wake_some(&mut wakers) {
            return Poll::Ready(());
        }
        // Those who were woken come first.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A waker that panics must not take the engine with it.
fn cancel(root: &CancellationToken) {
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| root.cancel()));
}

impl Room {
    pub(crate) fn begun_child(&self) -> CancellationToken {
        self.tokens.begun.child_token()
    }

    pub(crate) fn forced_child(&self) -> CancellationToken {
        self.tokens.forced.child_token()
    }

    pub(crate) fn set_abort(&self, key: Key, handle: AbortHandle) {
        let mut members = self.shards[key.shard].0.lock();
        let Some(entry) = members.get(key) else {
            return;
        };
        if self.flags.0.aborting.load(Ordering::SeqCst) {
            drop(members);
            handle.abort();
        } else {
            entry.abort = Some(handle);
        }
    }
}
