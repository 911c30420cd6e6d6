//! What came of a close.

use std::sync::Arc;
use std::time::Duration;

use crate::info::SocketInfo;
use crate::outcome::{ContextOutcome, Outcome};

/// What came of a close: each socket once, and the context.
///
/// It lists every socket that was there when the close began, and of those that had ended before,
/// the last 1,024; older ones are counted ([`omitted`](Self::omitted)). Sockets stand in the order
/// in which they were opened. Clones are cheap, and the same report.
///
/// `Display` is a table for a log. With the feature `serde` it serialises with durations in
/// milliseconds, in fields whose names end in `_ms`.
#[must_use = "the report is all that is known about what was lost"]
#[derive(Clone, Debug)]
pub struct Report {
    inner: Arc<Inner>,
}

#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
struct Inner {
    sockets: Vec<SocketReport>,
    context: ContextOutcome,
    omitted: Omitted,
    #[cfg_attr(
        feature = "serde",
        serde(rename = "took_ms", serialize_with = "crate::serial::millis")
    )]
    took: Duration,
}

impl Report {
    pub(crate) fn new(
        sockets: Vec<SocketReport>,
        context: ContextOutcome,
        omitted: Omitted,
        took: Duration,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                sockets,
                context,
                omitted,
                took,
            }),
        }
    }

    /// The sockets that may hold the registry's context: those of it whose end was not seen.
    pub(crate) fn holders(sockets: &[SocketReport]) -> Vec<String> {
        sockets
            .iter()
            .filter(|socket| !socket.info.adopted && !socket.outcome.is_end_seen())
            .map(|socket| socket.info.name.clone())
            .collect()
    }

    /// Each socket, in the order of opening.
    #[must_use]
    pub fn sockets(&self) -> &[SocketReport] {
        &self.inner.sockets
    }

    /// The socket of that name; of several that bore it one after another, the last.
    #[must_use]
    pub fn socket(&self, name: &str) -> Option<&SocketReport> {
        self.inner
            .sockets
            .iter()
            .rev()
            .find(|socket| socket.info.name == name)
    }

    /// How the context ended.
    #[must_use]
    pub fn context(&self) -> &ContextOutcome {
        &self.inner.context
    }

    /// The sockets that ended too long before the close to be listed.
    #[must_use]
    pub fn omitted(&self) -> Omitted {
        self.inner.omitted
    }

    /// From the first call of `close_by` to the report.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.inner.took
    }

    /// Whether every socket emptied its queue, nothing is known to be unread, and the context has
    /// ended, or was released.
    ///
    /// False if anything was lost, is unknown or goes on; what its owner [discarded] is not lost.
    ///
    /// [discarded]: crate::Socket::discard
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.inner.omitted.unclean == 0
            && matches!(
                self.inner.context,
                ContextOutcome::Ended { .. } | ContextOutcome::Released { .. }
            )
            && self
                .inner
                .sockets
                .iter()
                .all(|socket| socket.outcome.is_clean() && socket.info.unread.unwrap_or(0) == 0)
    }

    /// Whether both are the report of the same close.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(serializer)
    }
}

/// What came of one socket.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SocketReport {
    #[cfg_attr(feature = "serde", serde(flatten))]
    info: SocketInfo,
    #[cfg_attr(feature = "serde", serde(flatten))]
    outcome: Outcome,
}

impl SocketReport {
    pub(crate) fn new(info: SocketInfo, outcome: Outcome) -> Self {
        Self { info, outcome }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// Who it is, where it came from, who used it last.
    #[must_use]
    pub fn info(&self) -> &SocketInfo {
        &self.info
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

/// Sockets that are counted, but not listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Omitted {
    /// How many there were.
    pub count: u64,
    /// How many of them ended otherwise than emptied.
    pub unclean: u64,
}

impl Omitted {
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.count += 1;
        self.unclean += u64::from(!outcome.is_clean());
    }
}
