//! What a publisher knows of itself and of its members now.

use super::Publisher;
use linger_ack_proto::{Counters, MemberProgress, Outstanding, Progress, PublisherReport};
use std::sync::Arc;
use std::time::Instant;

impl Publisher {
    /// How many members there are now.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.shared().core.lock().machine.member_count()
    }

    /// Everyone who is a member now, and durable names that are away, in the order they came.
    ///
    /// Each with its level, since when it is here or away, when it was last heard, and how much of
    /// what it was owed it has acknowledged, has received and not acknowledged, or lacks.
    #[must_use]
    pub fn members(&self) -> Vec<MemberProgress> {
        self.progress().members
    }

    /// How far members have come; its `Display` is a note such as "2/3 acked, 14 outstanding".
    pub fn progress(&self) -> Progress {
        self.shared().core.lock().machine.progress(Instant::now())
    }

    /// What is retained now, in messages and bytes, against the limits of the window.
    #[must_use]
    pub fn outstanding(&self) -> Outstanding {
        self.shared().core.lock().machine.outstanding()
    }

    /// Whether the window has no room for another message, unless it is empty or owed to nobody.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.outstanding().is_full()
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared().core.lock().machine.counters()
    }

    /// The report, if the publisher has closed.
    #[must_use]
    pub fn report(&self) -> Option<Arc<PublisherReport>> {
        self.shared().core.lock().report.clone()
    }
}
