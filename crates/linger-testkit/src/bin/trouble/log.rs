//! A tracing subscriber that blocks, as one does that writes to a full pipe.

use std::sync::atomic::{AtomicU64, Ordering};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing::{Event, Metadata, Subscriber};

use crate::cast::hang;

struct Blocks {
    lines_left: AtomicU64,
}

/// Makes it the one of this process; so many lines get through.
pub(crate) fn block_after(lines: u64) -> Result<(), SetGlobalDefaultError> {
    set_global_default(Blocks {
        lines_left: AtomicU64::new(lines),
    })
}

impl Blocks {
    fn line(&self) {
        let left = |left: u64| left.checked_sub(1);
        let taken = self
            .lines_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left);
        if taken.is_err() {
            hang()
        }
    }
}

impl Subscriber for Blocks {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        self.line();
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {
        self.line();
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.line();
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
