//! What all cycles of a run come to.

use super::cycle::Faults;
use super::fault::Fault;
use super::judge::{Verdict, Violation};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The sums over all cycles.
#[derive(Debug, Clone, Default)]
#[must_use]
#[non_exhaustive]
pub struct Figures {
    /// How many cycles were carried out.
    pub cycles: u64,
    /// How many could not be.
    pub failed_cycles: u64,
    /// All verdicts together.
    pub verdict: Verdict,
    /// How each close of a publisher ended.
    pub outcomes: BTreeMap<String, u64>,
    /// How often each fault happened.
    pub faults: BTreeMap<Fault, u64>,
    /// How many lives of publishers and subscribers were looked at.
    pub lives: u64,
    /// By how much the latest stop passed its deadline; zero if none did.
    pub latest: Duration,
    /// How long all of it took.
    pub took: Duration,
}

impl Figures {
    pub(super) fn add(&mut self, verdict: Verdict, faults: &Faults) {
        self.cycles += 1;
        let all = &mut self.verdict;
        all.accepted += verdict.accepted;
        all.acked += verdict.acked;
        all.named += verdict.named;
        all.unowed += verdict.unowed;
        all.survived += verdict.survived;
        all.perished += verdict.perished;
        all.processed += verdict.processed;
        all.complaints.extend(verdict.complaints);
        for (&fault, count) in faults {
            *self.faults.entry(fault).or_default() += count;
        }
    }

    /// Whether nothing was wrong in any cycle, and there was one.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.cycles > 0 && self.failed_cycles == 0 && self.verdict.complaints.is_empty()
    }

    /// The figures that are asked for, as one JSON object on a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let faults = Fault::ALL.iter().filter_map(|fault| {
            let count = self.faults.get(fault).filter(|&&count| count > 0)?;
            Some(format!("\"{}\":{count}", fault.name()))
        });
        // By hand, as the order of its fields is a part of it.
        format!(
            "{{\"cycles\":{},\"messages\":{},\"acked_not_processed\":{},\"unaccounted\":{},\
             \"late_stops\":{},\"faults\":{{{}}}}}",
            self.cycles,
            self.verdict.accepted,
            self.verdict.count(Violation::AckedNotProcessed),
            self.verdict.count(Violation::Unaccounted),
            self.verdict.count(Violation::LateStop),
            faults.collect::<Vec<_>>().join(",")
        )
    }

    /// Everything else: what the messages became, what else was looked for, what it took.
    #[must_use]
    pub fn details(&self) -> Value {
        let Verdict {
            accepted,
            acked,
            named,
            unowed,
            survived,
            perished,
            processed,
            ..
        } = self.verdict;
        let violations = self.verdict.counts();
        let violations = violations
            .iter()
            .map(|(violation, count)| (format!("{violation:?}"), json!(count)));
        json!({
            "accepted": accepted,
            "acked_by_somebody": acked,
            "named_as_not_acked": named,
            "owed_to_nobody": unowed,
            "of_killed_publishers": { "processed": survived, "perished": perished },
            "processed": processed,
            "outcomes": self.outcomes,
            "lives": self.lives,
            "failed_cycles": self.failed_cycles,
            "violations": violations.collect::<serde_json::Map<_, _>>(),
            "latest_after_deadline_ms": self.latest.as_secs_f64() * 1e3,
            "seconds": self.took.as_secs_f64(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_the_object_that_is_asked_for() {
        let mut figures = Figures::default();
        let verdict = Verdict {
            accepted: 20_000,
            ..Verdict::default()
        };
        let faults = Faults::from([(Fault::DataCut, 2), (Fault::PublisherKilled, 1)]);
        figures.add(verdict.clone(), &faults);
        figures.add(verdict, &faults);
        assert!(figures.passed());
        assert_eq!(
            figures.summary(),
            r#"{"cycles":2,"messages":40000,"acked_not_processed":0,"unaccounted":0,"late_stops":0,"faults":{"publisher_killed":2,"data_cut":4}}"#
        );
        let parsed: Value = serde_json::from_str(&figures.summary()).unwrap();
        assert_eq!(parsed["faults"]["data_cut"], 4);
    }

    #[test]
    fn one_complaint_or_a_cycle_that_failed_or_none_at_all_is_no_pass() {
        assert!(!Figures::default().passed());
        let mut figures = Figures::default();
        let mut verdict = Verdict::default();
        verdict.complain(Violation::LateStop, 3, "late");
        figures.add(verdict, &Faults::new());
        assert!(!figures.passed());
        assert!(figures.summary().contains(r#""late_stops":3"#));
        assert_eq!(figures.details()["violations"]["LateStop"], 3);
        let mut figures = Figures::default();
        figures.add(Verdict::default(), &Faults::new());
        assert!(figures.passed());
        figures.failed_cycles = 1;
        assert!(!figures.passed());
    }
}
