//! What a member's outcome looks like.

use linger_coordinator::{MemberReport, Outcome};

/// Outcomes as the picture tells them apart; the name is the class of the style, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Done,
    NearMiss,
    Failed,
    Panicked,
    Forced,
    Aborted,
    Abandoned,
    Skipped,
    /// An outcome that this picture knows nothing of.
    Other,
}

impl Kind {
    pub(super) fn of(member: &MemberReport) -> Self {
        match member.outcome() {
            Outcome::Done if member.is_near_miss() => Self::NearMiss,
            Outcome::Done => Self::Done,
            Outcome::Failed(_) => Self::Failed,
            Outcome::Panicked(_) => Self::Panicked,
            Outcome::Forced => Self::Forced,
            Outcome::Aborted => Self::Aborted,
            Outcome::Abandoned => Self::Abandoned,
            Outcome::Skipped => Self::Skipped,
            _ => Self::Other,
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NearMiss => "near-miss",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Forced => "forced",
            Self::Aborted => "aborted",
            Self::Abandoned => "abandoned",
            Self::Skipped => "skipped",
            Self::Other => "other",
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::NearMiss => "near miss",
            other => other.class(),
        }
    }
}
