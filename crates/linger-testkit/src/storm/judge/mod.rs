//! What is wrong with a storm, by what was reported, and by what its peers saw.

#[cfg(test)]
mod tests;

use super::leaks::Held;
use super::outside::Streams;
use super::pattern::Side;
use super::plan::{Place, Plan};
use super::post::Known;
use linger::linger_registry::Outcome;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// By how much a close may pass its deadline.
pub const GRACE: Duration = Duration::from_millis(100);

/// How many sockets of a hundred may end unobserved.
pub const UNOBSERVED: usize = 10;

/// The last bytes that libzmq may leave unwritten, though the queue was empty: one batch.
const TAIL: usize = 8_192;

/// What was left of one storm.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) plan: Plan,
    /// When `close_by` was called, and when it had returned.
    pub(crate) asked: Instant,
    pub(crate) returned: Instant,
    /// Each socket of the registry, by its owner's word.
    pub(crate) known: Vec<Known>,
    /// Each socket in the report.
    pub(crate) reported: Vec<(String, Outcome)>,
    pub(crate) streams: Streams,
    /// Threads that panicked, or that did not come back.
    pub(crate) panicked: usize,
    pub(crate) lost: usize,
    /// Whether the context ended in the end.
    pub(crate) is_closed: bool,
    pub(crate) leaked: Held,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Wrong {
    /// `close_by` returned after its deadline and the grace.
    Late,
    /// A socket that was opened is not in the report.
    Missing,
    /// A socket stands in the report twice.
    Twice,
    /// A socket in the report was never opened.
    Phantom,
    /// A socket was opened though the registry had said that it was closing.
    OpenedLate,
    /// More sockets were not observed than may be.
    Unobserved,
    /// Emptied, it says, and a receiver that stayed connected misses messages.
    FalseEmptied,
    /// Expired, it says, before its linger can have been over.
    FalseExpired,
    /// Discarded, it says, and the owner said no such thing, or the other way round.
    FalseDiscarded,
    /// Still open, it says, though its owner had dropped it.
    FalseStillOpen,
    /// A receiver saw a message twice, out of order, after a gap, or of another link.
    Disorder,
    /// A receiver got what was never sent.
    Unsent,
    /// A thread panicked.
    Panicked,
    /// A thread did not come back.
    Lost,
    /// The context did not end when all had let go.
    NotClosed,
    /// There are more descriptors than before.
    Descriptors,
    /// There are more threads than before.
    Threads,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What.
    pub wrong: Wrong,
    /// Where.
    pub text: String,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
#[must_use]
pub(crate) struct Verdict {
    /// How many sockets ended in each way.
    pub(crate) outcomes: BTreeMap<&'static str, u64>,
    /// Streams that were held against their sender's outcome.
    pub(crate) judged: u64,
    /// Of those that emptied: streams that miss their last bytes, which libzmq did not write.
    pub(crate) tails: u64,
    /// Streams of which all came though their sender's linger expired.
    pub(crate) cautious: u64,
    pub(crate) complaints: Vec<Complaint>,
}

/// Judges one storm.
pub(crate) fn judge(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.time(evidence);
    verdict.entries(evidence);
    verdict.share(evidence);
    verdict.streams(evidence);
    verdict.remains(evidence);
    verdict
}

impl Verdict {
    fn complain(&mut self, wrong: Wrong, text: impl fmt::Display) {
        let text = text.to_string();
        self.complaints.push(Complaint { wrong, text });
    }

    fn time(&mut self, evidence: &Evidence) {
        let took = evidence.returned - evidence.asked;
        let budget = evidence.plan.budget;
        if took > budget + GRACE {
            self.complain(Wrong::Late, format!("{took:?} of {budget:?}"));
        }
    }

    /// Each socket once, with what can be true of it.
    fn entries(&mut self, evidence: &Evidence) {
        let mut open: BTreeMap<&str, &Known> = BTreeMap::new();
        for known in &evidence.known {
            open.insert(&known.name, known);
            if known.opened_late {
                self.complain(Wrong::OpenedLate, &known.name);
            }
        }
        let mut seen = BTreeMap::new();
        for (name, outcome) in &evidence.reported {
            *self.outcomes.entry(word(outcome)).or_default() += 1;
            if seen.insert(name.as_str(), ()).is_some() {
                self.complain(Wrong::Twice, name);
                continue;
            }
            match open.remove(name.as_str()) {
                Some(known) => self.outcome(evidence, known, outcome),
                // A thread that is lost can't say what it opened.
                None if evidence.lost + evidence.panicked > 0 => {}
                None => self.complain(Wrong::Phantom, name),
            }
        }
        for name in open.keys() {
            self.complain(Wrong::Missing, name);
        }
    }

    fn outcome(&mut self, evidence: &Evidence, known: &Known, outcome: &Outcome) {
        let name = &known.name;
        let since = evidence.returned.saturating_duration_since(known.dropped);
        match outcome {
            // Anything else has to be true of what was discarded, too, but not that.
            Outcome::Emptied { .. } | Outcome::Expired { .. } if known.discarded => {
                self.complain(Wrong::FalseDiscarded, format!("{name} is {outcome}"));
            }
            Outcome::Discarded { .. } if !known.discarded => {
                self.complain(Wrong::FalseDiscarded, format!("{name} is {outcome}"));
            }
            Outcome::Expired { linger } if *linger > since => self.complain(
                Wrong::FalseExpired,
                format!("{name} is {outcome}, {since:?} after it was dropped"),
            ),
            Outcome::StillOpen if known.dropped < evidence.asked => {
                self.complain(Wrong::FalseStillOpen, name);
            }
            _ => {}
        }
    }

    fn share(&mut self, evidence: &Evidence) {
        let all = evidence.reported.len();
        let is_unobserved = |it: &&(String, Outcome)| it.1 == Outcome::Unobserved;
        let unobserved = evidence.reported.iter().filter(is_unobserved).count();
        if unobserved * 100 > all * UNOBSERVED {
            self.complain(Wrong::Unobserved, format!("{unobserved} of {all}"));
        }
    }

    /// What receivers saw that stayed connected, and read to the end.
    fn streams(&mut self, evidence: &Evidence) {
        for (link, sent, outcome) in evidence.judged() {
            let Some(stream) = evidence.streams.get(&link) else {
                continue;
            };
            self.judged += 1;
            let came = stream.came;
            if stream.wrong > 0 {
                let wrong = stream.wrong;
                self.complain(Wrong::Disorder, format!("{link}: {wrong} after {came}"));
            }
            if came > sent {
                self.complain(Wrong::Unsent, format!("{link}: {came} of {sent}"));
            }
            let missing = usize::try_from(sent.saturating_sub(came)).unwrap_or(usize::MAX);
            match outcome {
                Outcome::Emptied { .. } if missing > 0 => {
                    let bytes = missing.saturating_mul(evidence.plan.links[link].length);
                    match bytes <= TAIL {
                        true => self.tails += 1,
                        false => self.complain(
                            Wrong::FalseEmptied,
                            format!("{link}: {outcome}, {came} of {sent}"),
                        ),
                    }
                }
                Outcome::Expired { .. } if missing == 0 => self.cautious += 1,
                _ => {}
            }
        }
    }

    fn remains(&mut self, evidence: &Evidence) {
        let counts = [
            (Wrong::Panicked, evidence.panicked),
            (Wrong::Lost, evidence.lost),
            (Wrong::NotClosed, usize::from(!evidence.is_closed)),
            (Wrong::Descriptors, evidence.leaked.descriptors),
            (Wrong::Threads, evidence.leaked.threads),
        ];
        for (wrong, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            self.complain(wrong, count);
        }
    }
}

impl Evidence {
    /// The links whose receiver stands outside: what was sent, and what is said of the sender.
    pub(crate) fn judged(&self) -> impl Iterator<Item = (usize, u32, &Outcome)> {
        let reported: BTreeMap<&str, &Outcome> = self
            .reported
            .iter()
            .map(|(name, outcome)| (name.as_str(), outcome))
            .collect();
        let known = self.known.iter().filter(|known| {
            let peer = self.plan.links[known.link].end(Side::Second).place;
            matches!(peer, Place::Prompt | Place::Stalled)
        });
        known.filter_map(move |known| {
            let outcome = reported.get(known.name.as_str())?;
            Some((known.link, known.sent, *outcome))
        })
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Emptied { .. } => "emptied",
        Outcome::Discarded { .. } => "discarded",
        Outcome::Expired { .. } => "expired",
        Outcome::Lingering { .. } => "lingering",
        Outcome::Unobserved => "unobserved",
        Outcome::ClosedLate { .. } => "closed_late",
        Outcome::StillOpen => "still_open",
        _ => "other",
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.wrong, self.text)
    }
}
