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

    /// Lets go of its tasks, once all is over.
    ///
    /// A handle keeps what tokio has allocated for a task, though not the task's future. If each
    /// were dropped when its member ends, the runtime's workers would give that memory back all at
    /// once, and wait for one another in the allocator: a third of what a large shutdown took.
    pub(crate) fn free_tasks(&self) {
        let mut handles = Vec::new();
        for shard in &self.shards {
            let mut next = Some(0);
            while let Some(from) = next {
                next = shard.0.lock().take_handles(from, &mut handles);
                handles.clear();
            }
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use std::thread;
    use std::time::{Duration, Instant};

    use crate::coordinator::Coordinator;
    use crate::phase::Phase;
    use crate::room::{Entry, Room};

    /// How many tasks it has not let go.
    fn handles(room: &Room) -> usize {
        let shards = room.shards.iter().map(|shard| shard.0.lock());
        let held = |entry: &&Entry| entry.abort.is_some();
        shards
            .map(|shard| shard.entries().filter(held).count())
            .sum()
    }

    #[test]
    fn no_task_is_held_after_the_end() {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let _entered = runtime.enter();
        let stop = Coordinator::builder().start().unwrap();
        for _ in 0..1_000 {
            let waits = |member: crate::Member| async move { member.triggered().await };
            stop.spawn("waits", Phase::WORK, waits).unwrap();
        }
        let room = stop.core().room(Phase::WORK).unwrap();
        assert_eq!(handles(room), 1_000);
        stop.shutdown();
        assert!(stop.wait_blocking().is_clean());
        let limit = Instant::now() + Duration::from_secs(60);
        while handles(room) > 0 {
            assert!(Instant::now() < limit);
            thread::sleep(Duration::from_millis(1));
        }
    }
}
