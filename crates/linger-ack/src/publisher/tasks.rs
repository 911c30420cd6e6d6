//! Tasks that wait for room, members, marks or the report: none of them holds up a worker.

use super::core::{Destination, Shared};
use super::publish::{Next, Wait};
use crate::error::PublishError;
use bytes::Bytes;
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Notify};
use tokio::time::timeout_at;

/// What tasks wait for.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    /// Held by the one task that waits for room; the others queue for it, first come first served.
    /// So room for one message wakes one task.
    turn: Mutex<()>,
    changed: Notify,
}

impl Tasks {
    /// Has everyone who waits look again.
    pub(super) fn wake(&self) {
        self.changed.notify_waiters();
    }
}

/// Waits for a future until then; `None` is for ever. `Err`: the time came first.
async fn until<F: Future>(at: Option<Instant>, future: F) -> Result<F::Output, ()> {
    match at {
        Some(at) => timeout_at(at.into(), future).await.map_err(|_| ()),
        None => Ok(future.await),
    }
}

impl Shared {
    /// Looks until there is a result; once the deadline has come, `look` is told so, and has one.
    pub(super) async fn look_by<T>(
        &self,
        deadline: Instant,
        mut look: impl FnMut(bool) -> Option<T>,
    ) -> T {
        let mut is_late = false;
        loop {
            // Registered before the look, so that no change falls between the two.
            let mut changed = pin!(self.tasks.changed.notified());
            changed.as_mut().enable();
            if let Some(result) = look(is_late) {
                return result;
            }
            is_late = until(Some(deadline), changed).await.is_err();
        }
    }

    /// As [`publish`](Self::publish), for a task.
    pub(super) async fn publish_in_turn(
        &self,
        to: Destination<'_>,
        payload: Bytes,
        limit: Duration,
    ) -> Result<u64, PublishError> {
        let turn = self.tasks.turn.try_lock();
        // Otherwise whoever came before has to wait for room.
        if turn.is_ok() {
            if let Some(sequence) = self.core.lock().append(to, &payload) {
                return Ok(sequence);
            }
        }
        let wait = Wait::new(Instant::now(), limit);
        let turn = match turn {
            Ok(turn) => turn,
            // It needs no room, so it needs no turn.
            Err(_) if !self.core.lock().machine.is_owed(to.topic()) => {
                return self.publish(to, &payload, Duration::ZERO);
            }
            Err(_) => match until(wait.give_up, self.tasks.turn.lock()).await {
                Ok(turn) => turn,
                Err(()) => return self.publish(to, &payload, Duration::ZERO),
            },
        };
        let published = self.publish_as_first(to, payload, wait).await;
        drop(turn);
        published
    }

    async fn publish_as_first(
        &self,
        to: Destination<'_>,
        payload: Bytes,
        mut wait: Wait,
    ) -> Result<u64, PublishError> {
        let mut has_waited = false;
        let mut reached = wait.begun;
        loop {
            let mut changed = pin!(self.tasks.changed.notified());
            changed.as_mut().enable();
            let next = {
                let mut core = self.core.lock();
                let now = Instant::now();
                match core.publish(now, to, &payload) {
                    Ok(sequence) => {
                        self.published(core, now, has_waited);
                        return Ok(sequence);
                    }
                    Err(PublishError::WindowFull(_)) => {}
                    Err(error) => return Err(error),
                }
                // A timer is right about its time, even where a test has stopped the clock.
                let next = wait.next(&self.patience, core.fed, now.max(reached));
                if next == Next::Evict {
                    self.evict(&mut core, now);
                    wait.begun = now.max(reached);
                }
                next
            };
            let at = match next {
                Next::GiveUp => {
                    let topic = Bytes::copy_from_slice(to.topic());
                    let message = linger_ack_proto::Message { topic, payload };
                    return Err(PublishError::WindowFull(message));
                }
                Next::Evict => continue,
                Next::Wait(at) => at,
            };
            has_waited = true;
            if let (Err(()), Some(at)) = (until(at, changed).await, at) {
                reached = at;
            }
        }
    }
}
