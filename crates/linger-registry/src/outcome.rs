//! How sockets and the context ended, and how that is judged.

use std::fmt;
use std::time::Duration;

use crate::linger::Applied;
use crate::record::Record;
use crate::text::Brief;

/// libzmq counts its linger timer in whole milliseconds of a clock of its own: an end this much
/// before the limit may already be the timer.
const TIMER_TOLERANCE: Duration = Duration::from_millis(1);

/// How one socket ended, as far as it could be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "outcome", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Outcome {
    /// It ended before its linger was over: nothing was left to send.
    ///
    /// Handed to the kernel, that is, or dropped with a peer that was lost, or whose handshake
    /// failed while it lingered: *emptied* is not *delivered*.
    Emptied {
        /// From the close to the end.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "after_ms", serialize_with = "crate::serial::millis")
        )]
        after: Duration,
    },
    /// It ended before its linger was over, but a peer was lost: what was queued for it may be, too.
    ///
    /// Known only of a socket that was opened with [`observe`](crate::SocketBuilder::observe): a
    /// peer's connection ended while it lingered, or, if it was only bound, no peer was left when
    /// it was closed though there had been one. If a peer goes at the very moment of the close,
    /// libzmq may linger for it in vain, and the socket is [`Expired`](Self::Expired).
    PeerLost {
        /// From the close to the end.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "after_ms", serialize_with = "crate::serial::millis")
        )]
        after: Duration,
    },
    /// It was closed by whoever it was [given](crate::Socket::into_zmq) to, and has ended.
    ///
    /// Whether its queue was empty is unknown, as the moment of its close is. If they attached a
    /// monitor of their own to it, it went out of sight then, and may be open still.
    Ended {
        /// It is of a type that never sends: so nothing was left.
        receive_only: bool,
    },
    /// Its owner [discarded](crate::Socket::discard) it, and with it whatever was still queued.
    Discarded {
        /// From the close to the end.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "after_ms", serialize_with = "crate::serial::millis")
        )]
        after: Duration,
    },
    /// Its linger ran out; what was still queued is discarded.
    ///
    /// With a linger of 0 there may have been nothing to discard: libzmq doesn't tell.
    Expired {
        /// The linger that was applied: its own limit, or what the deadline left of it.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "applied_ms", serialize_with = "crate::serial::millis")
        )]
        linger: Duration,
    },
    /// It was closed before, and lingered still when the context began to end.
    ///
    /// How its queue ended is unknown: from then on libzmq tells nothing.
    Lingering {
        /// The linger that was applied; `None` is for ever.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "applied_ms", serialize_with = "crate::serial::millis_option")
        )]
        linger: Option<Duration>,
        /// From the close to the last look at it.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "elapsed_ms", serialize_with = "crate::serial::millis")
        )]
        elapsed: Duration,
    },
    /// It was closed, but nobody watched its end: unknown.
    ///
    /// No monitor was free, or its owner had attached one.
    Unobserved,
    /// Its owner closed it only after the context had begun to end: unknown.
    ///
    /// This is what becomes of an owner in a bare `recv`, woken by `ETERM`. The linger was the one
    /// that was last set while it was open.
    ClosedLate {
        /// From the moment the context began to end to the drop.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "after_ms", serialize_with = "crate::serial::millis")
        )]
        after: Duration,
    },
    /// Its owner holds it still, or whoever it was [given](crate::Socket::into_zmq) to; the socket's [info](crate::SocketInfo) names place and thread.
    StillOpen,
}

impl Outcome {
    /// Whether nothing was left to send, or what was left was its owner's to discard.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        matches!(
            self,
            Self::Emptied { .. } | Self::Discarded { .. } | Self::Ended { receive_only: true }
        )
    }

    /// Whether its end was seen, so that it can't hold the context.
    #[must_use]
    pub fn is_end_seen(&self) -> bool {
        matches!(
            self,
            Self::Emptied { .. }
                | Self::PeerLost { .. }
                | Self::Discarded { .. }
                | Self::Expired { .. }
        )
    }

    /// The socket was seen to end `elapsed` after its close with the linger `applied`.
    pub(crate) fn of_end(record: &Record, applied: Applied, elapsed: Duration) -> Self {
        if record.is_discarded() {
            return Self::Discarded { after: elapsed };
        }
        // Linger cuts nothing in-process: such a socket ends when its peers have read all.
        if record.never_sends() || record.is_inproc_only() {
            return Self::Emptied { after: elapsed };
        }
        match applied.limit() {
            // Reading the end late moves the answer to this side, the one that claims less.
            Some(linger) if elapsed + TIMER_TOLERANCE >= linger => Self::Expired {
                linger: applied.whole().unwrap_or(linger),
            },
            _ => Self::Emptied { after: elapsed },
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emptied { after } => write!(f, "emptied after {}", Brief(*after)),
            Self::PeerLost { after } => write!(f, "PEER LOST, ended after {}", Brief(*after)),
            Self::Ended { .. } => f.write_str("ended elsewhere"),
            Self::Discarded { after } => write!(f, "discarded after {}", Brief(*after)),
            Self::Expired { linger } => write!(f, "expired, linger {}", Brief(*linger)),
            Self::Lingering {
                linger: Some(linger),
                elapsed,
            } => {
                write!(f, "lingering, {} of {}", Brief(*elapsed), Brief(*linger))
            }
            Self::Lingering {
                linger: None,
                elapsed,
            } => {
                write!(f, "lingering, {} of for ever", Brief(*elapsed))
            }
            Self::Unobserved => f.write_str("unobserved"),
            Self::ClosedLate { after } => {
                write!(f, "closed late, {} into the context's end", Brief(*after))
            }
            Self::StillOpen => f.write_str("STILL OPEN"),
        }
    }
}

/// How the context ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "outcome", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ContextOutcome {
    /// All sockets are gone, and libzmq's threads with them.
    Ended {
        /// From the call that ends it to its return.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "took_ms", serialize_with = "crate::serial::millis")
        )]
        took: Duration,
    },
    /// The registry let go of it: that of [`Registry::shared`](crate::Registry::shared).
    ///
    /// All sockets of the registry are gone. If nobody else had a clone, so is the context, with
    /// all that was made in it; otherwise what others have in it goes on, and is unknown.
    Released {
        /// From the drop of the registry's clone to its return.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "took_ms", serialize_with = "crate::serial::millis")
        )]
        took: Duration,
    },
    /// The registry was the last to let go of it, and that had not come back by the deadline.
    ///
    /// All sockets of the registry are gone. So it is what others made with a clone of the
    /// [context](crate::Registry::context), and closed: it lingers still.
    Releasing {
        /// From the drop of the registry's clone to the report.
        #[cfg_attr(
            feature = "serde",
            serde(rename = "elapsed_ms", serialize_with = "crate::serial::millis")
        )]
        elapsed: Duration,
    },
    /// It had not ended by the deadline.
    ///
    /// It will in the background, once those who hold it let go.
    Pending {
        /// The names of the sockets whose end was not seen: one of them holds it.
        holders: Vec<String>,
    },
    /// It is of another process, of which this one is a fork, and can only end there.
    ///
    /// The sockets in such a report are as they were at the fork; what has become of them since is
    /// in the report of the process that opened them.
    Forked {
        /// The id of the process that made the registry.
        made_in: u32,
    },
}

impl fmt::Display for ContextOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { took } => write!(f, "context ended in {}", Brief(*took)),
            Self::Released { took } => write!(f, "context released in {}", Brief(*took)),
            Self::Releasing { elapsed } => write!(
                f,
                "context RELEASING for {}, held by what others closed",
                Brief(*elapsed)
            ),
            Self::Forked { made_in } => write!(f, "context of process {made_in}"),
            Self::Pending { holders } if holders.is_empty() => f.write_str("context PENDING"),
            Self::Pending { holders } => {
                write!(f, "context PENDING, held by {}", holders.join(", "))
            }
        }
    }
}
