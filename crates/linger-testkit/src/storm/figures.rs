//! What all storms of a run come to.

use super::judge::{Complaint, Evidence, Verdict, Wrong};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The sums over all storms.
#[derive(Debug, Clone, Default)]
#[must_use]
#[non_exhaustive]
pub struct Figures {
    /// How many storms there were.
    pub seeds: u64,
    /// How many sockets stood in the reports.
    pub sockets: u64,
    /// How many ended in each way.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// The largest share of sockets that ended unobserved in one storm, from 0 to 1.
    pub most_unobserved: f64,
    /// How many messages were sent to receivers outside.
    pub messages: u64,
    /// How many streams were held against the outcome of their sender.
    pub judged: u64,
    /// Streams of emptied senders that miss less than one batch of bytes: libzmq's own loss.
    pub tails: u64,
    /// Streams of which all came though their sender's linger expired.
    pub cautious: u64,
    /// By how much the latest close passed its deadline; zero if none did.
    pub latest: Duration,
    /// What was wrong.
    pub complaints: Vec<Complaint>,
    /// How long all of it took.
    pub took: Duration,
}

impl Figures {
    pub(crate) fn add(&mut self, evidence: &Evidence, verdict: Verdict) {
        self.seeds += 1;
        let sockets = evidence.reported.len() as u64;
        self.sockets += sockets;
        let unobserved = verdict.outcomes.get("unobserved").copied().unwrap_or(0);
        self.most_unobserved = self.most_unobserved.max(share(unobserved, sockets));
        for (outcome, count) in verdict.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        let sent = evidence.judged().map(|(_, sent, _)| u64::from(sent));
        self.messages += sent.sum::<u64>();
        self.judged += verdict.judged;
        self.tails += verdict.tails;
        self.cautious += verdict.cautious;
        let took = evidence.returned - evidence.asked;
        self.latest = self.latest.max(took.saturating_sub(evidence.plan.budget));
        self.complaints.extend(verdict.complaints);
    }

    /// Whether nothing was wrong in any storm, and there was one.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.seeds > 0 && self.judged > 0 && self.complaints.is_empty()
    }

    /// How often that was wrong.
    #[must_use]
    pub fn count(&self, wrong: Wrong) -> usize {
        let complaints = self.complaints.iter();
        complaints.filter(|it| it.wrong == wrong).count()
    }

    /// Seeds, sockets and outcomes, on a line.
    #[must_use]
    pub fn line(&self) -> String {
        let outcomes = self.outcomes.iter();
        let outcomes: Vec<_> = outcomes
            .map(|(outcome, count)| format!("{count} {outcome}"))
            .collect();
        format!(
            "{} seeds, {} sockets in {:.0} s: {}; {} complaints",
            self.seeds,
            self.sockets,
            self.took.as_secs_f64(),
            outcomes.join(", "),
            self.complaints.len()
        )
    }

    /// All of it, as one JSON object.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut wrong: BTreeMap<String, u64> = BTreeMap::new();
        for complaint in &self.complaints {
            *wrong.entry(format!("{:?}", complaint.wrong)).or_default() += 1;
        }
        let unobserved = self.outcomes.get("unobserved").copied().unwrap_or(0);
        json!({
            "seeds": self.seeds,
            "sockets": self.sockets,
            "outcomes": self.outcomes,
            "unobserved_share": share(unobserved, self.sockets),
            "most_unobserved_share": self.most_unobserved,
            "messages": self.messages,
            "streams_judged": self.judged,
            "streams_that_miss_libzmqs_last_bytes": self.tails,
            "streams_whole_though_expired": self.cautious,
            "latest_after_deadline_ms": self.latest.as_secs_f64() * 1e3,
            "wrong": wrong,
            "seconds": self.took.as_secs_f64(),
            "passed": self.passed(),
        })
    }
}

fn share(part: u64, whole: u64) -> f64 {
    // Both are far below what a double holds exactly.
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}
