//! How a member ended.

use std::fmt;

/// How a member ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Outcome {
    /// It ended by itself, by its deadline.
    Done,
    /// It ended with an error; its text.
    Failed(String),
    /// It panicked; the text, where it is known.
    Panicked(String),
    /// It ended by itself, but only after it was forced: it may have left work undone.
    Forced,
    /// It was dropped before it had ended: aborted, or its runtime went away.
    Aborted,
    /// It had not ended when its phase was over; it may be running yet.
    Abandoned,
    /// A hook that never began: no time was left for its phase.
    Skipped,
}

impl Outcome {
    /// Whether it ended by itself, in time and without an error.
    #[must_use]
    pub fn is_done(&self) -> bool {
        *self == Self::Done
    }

    /// Whether an error or a panic ended it.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Panicked(_))
    }

    /// Whether it may have left work undone because its time was over.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        matches!(
            self,
            Self::Forced | Self::Aborted | Self::Abandoned | Self::Skipped
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.pad("done"),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Panicked(text) => write!(f, "panicked: {text}"),
            Self::Forced => f.pad("forced"),
            Self::Aborted => f.pad("aborted"),
            Self::Abandoned => f.pad("abandoned"),
            Self::Skipped => f.pad("skipped"),
        }
    }
}

/// Which outcomes there are among some members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) failed: bool,
    pub(crate) incomplete: bool,
}

impl Marks {
    pub(crate) fn note(&mut self, outcome: &Outcome) {
        self.failed |= outcome.is_failure();
        self.incomplete |= outcome.is_incomplete();
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.failed |= more.failed;
        self.incomplete |= more.incomplete;
    }

    /// All were done.
    pub(crate) fn is_clean(self) -> bool {
        self == Self::default()
    }
}
