//! The closer thread's last act: ending the context.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tracing::{debug, error, info, warn};

use super::Closer;
use crate::outcome::Outcome;
use crate::raw::Raw;
use crate::shared::Shared;
use crate::table::{ContextStage, Handed};

impl Closer {
    /// Ends the context, however long that takes, and says so.
    pub(super) fn end(mut self, leftover: Vec<Handed<Raw>>) {
        let began = Instant::now();
        // The close may have begun, with no time to give, after it was last asked for: so there may
        // be kept ones too.
        let kept = mem::take(&mut self.kept);
        let left = leftover.into_iter().chain(kept);
        left.for_each(|it| self.waiting.add(it));
        while let Some(handed) = self.waiting.next() {
            // The reserve is here: nothing is left to linger for, or to watch with. An adopted
            // socket is closed on a thread of its own even so.
            let _ = handed.socket.set_linger(0);
            drop(handed.socket);
            self.ended(&handed.record, Outcome::Unobserved);
        }
        // A reader that was never read would hold the context.
        drop(self.shared.take_watches());
        // The context's end ends the monitors too: what they have not said, they never will.
        for monitor in mem::take(&mut self.monitors) {
            // What is open still is woken, and closed late.
            let Some(closed) = &monitor.closed else {
                continue;
            };
            let elapsed = began.saturating_duration_since(closed.since);
            let outcome = if monitor.is_overdue(began) {
                Outcome::Unobserved
            } else {
                Outcome::Lingering {
                    linger: closed.applied.limit(),
                    elapsed,
                }
            };
            self.ended(&monitor.record, outcome);
        }
        self.name_the_holders();
        // From here on there is no clone but ours, and the one that was forgotten when the context
        // was made.
        drop(self.shared.take_context());
        let stage = destroy(&mut self.context, began);
        self.shared.context_is(stage);
        if let ContextStage::Ended { took } = stage {
            info!(?took, "context ended");
        }
    }

    /// Lets go of a context that others may hold, however long that takes, and says so.
    ///
    /// Every socket of the registry was closed, and its end read. If this is the last clone, its
    /// drop ends the context: on this thread, which has nothing else to do any more.
    pub(super) fn release(self) {
        let Self {
            shared, context, ..
        } = self;
        drop(shared.take_context());
        let began = Instant::now();
        drop(context);
        let took = began.elapsed();
        shared.context_is(ContextStage::Released { took });
        info!(?took, "context released");
    }

    fn name_the_holders(&self) {
        let open = self.shared.table.lock().still_open();
        for record in open {
            warn!(
                socket = &*record.name,
                opened_at = %record.location,
                last_thread = &*record.last_use.name(),
                "socket still open at the close's reserve, its owner is woken by ETERM"
            );
        }
    }
}

/// `zmq_ctx_term`, to success, exactly once.
///
/// After success `zmq` still holds a pointer to the freed context, and would end it again when the
/// last clone is dropped; so one clone was forgotten when the context was made, and the last is
/// never dropped.
fn destroy(context: &mut zmq::Context, began: Instant) -> ContextStage {
    loop {
        match context.destroy() {
            Ok(()) => {
                return ContextStage::Ended {
                    took: began.elapsed(),
                };
            }
            Err(zmq::Error::EINTR) => debug!("ending the context was interrupted, going on"),
            Err(error) => {
                error!(%error, "the context can't be ended");
                return ContextStage::Lost;
            }
        }
    }
}

/// Should the closer thread panic, owners close for themselves, and the report says that the
/// context is pending.
pub(super) struct Watch {
    shared: Arc<Shared>,
}

impl Watch {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let queued = {
            let mut table = self.shared.table.lock();
            table.context = ContextStage::Lost;
            table.stop_accepting()
        };
        // Nobody is left who may wait for the end of a context that others have: so no clone of
        // it must be the last. It stays where it is: sockets can be opened as before.
        self.shared
            .with_context(|context| mem::forget(context.clone()));
        // And nobody reads these: without a reader, libzmq would block on their monitors.
        mem::forget(self.shared.take_watches());
        for handed in queued {
            drop(handed.socket);
            self.shared
                .table
                .lock()
                .end(&handed.record, Outcome::Unobserved);
        }
        // Nobody is left to stop one group after another.
        self.shared.groups.lock().stop_all();
        self.shared.changed.notify_all();
        // A subscriber's panic may be what brought us here.
        drop(catch_unwind(AssertUnwindSafe(|| {
            error!("the closer thread panicked");
        })));
    }
}
