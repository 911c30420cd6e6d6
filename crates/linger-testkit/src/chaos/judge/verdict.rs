//! What the judge finds.

use std::collections::BTreeMap;
use std::fmt;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// A message counts as acknowledged, and the journals of that member do not hold it.
    AckedNotProcessed,
    /// An accepted message is neither owed to a named member nor counted as unowed.
    Unaccounted,
    /// A stop came after its deadline and the grace.
    LateStop,
    /// A journal holds something that is no record.
    TornJournal,
    /// A report or a record claims what can't be.
    Overclaim,
    /// The report says drained, or its process success, and the quorum did not hold.
    FalseDrained,
    /// A member came to be known, or acknowledged, and the report has forgotten it.
    Forgotten,
    /// A publisher that was not killed left no report that can be read.
    NoReport,
    /// A subscriber was given what nobody published.
    Phantom,
    /// A subscriber was given a message twice, or after a later one.
    Repeated,
    /// A subscriber was given a later message before an earlier one that is not named as gone.
    SilentGap,
}

/// Something that is wrong, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Complaint {
    /// What.
    pub violation: Violation,
    /// Of how many messages, files or stops.
    pub count: u64,
    /// Where.
    pub text: String,
}

/// What became of the messages of one cycle, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Verdict {
    /// Messages that were accepted, in all lives.
    pub accepted: u64,
    /// Messages that at least one member acknowledged, by a report.
    pub acked: u64,
    /// Messages that some report names as not acknowledged by somebody.
    pub named: u64,
    /// Messages that a report counts as owed to nobody.
    pub unowed: u64,
    /// Messages of a publisher that was killed which stand in some member's journal.
    pub survived: u64,
    /// Messages of a publisher that was killed which nobody processed: they died with it.
    pub perished: u64,
    /// Records of processed messages, of all members.
    pub processed: u64,
    /// What is wrong.
    pub complaints: Vec<Complaint>,
}

impl Verdict {
    /// How much is wrong in this way.
    #[must_use]
    pub fn count(&self, violation: Violation) -> u64 {
        let complaints = self.complaints.iter();
        let complaints = complaints.filter(|complaint| complaint.violation == violation);
        complaints.map(|complaint| complaint.count).sum()
    }

    /// How much is wrong, by what.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Violation, u64> {
        let mut counts = BTreeMap::new();
        for complaint in &self.complaints {
            *counts.entry(complaint.violation).or_default() += complaint.count;
        }
        counts
    }

    pub(in super::super) fn complain(
        &mut self,
        violation: Violation,
        count: u64,
        text: impl fmt::Display,
    ) {
        if count > 0 {
            self.complaints.push(Complaint {
                violation,
                count,
                text: text.to_string(),
            });
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            violation,
            count,
            text,
        } = self;
        write!(f, "{violation:?} ({count}): {text}")
    }
}
