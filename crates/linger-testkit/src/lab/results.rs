//! All that was found, for people and for programs.

use serde::Serialize;

use super::conditions::Lab;
use super::error::LabError;
use super::experiment::{Experiment, Figures, Finding};
use super::table;

/// What a run of the lab found.
#[derive(Debug, Clone, Serialize)]
#[must_use]
#[non_exhaustive]
pub struct Results {
    /// The version of the libzmq that is linked, as `4.3.4`.
    pub libzmq: String,
    /// Where it is from: `bundled`, which is compiled in, or `system`.
    pub linked: &'static str,
    /// One entry an experiment, in the order of their runs.
    pub experiments: Vec<Entry>,
}

impl Results {
    pub(super) fn of(lab: &Lab) -> Self {
        let linked = if lab.is_system_libzmq() {
            "system"
        } else {
            "bundled"
        };
        Self {
            libzmq: lab.libzmq().to_owned(),
            linked,
            experiments: Vec::new(),
        }
    }

    /// Whether there was an experiment, and every one held.
    #[must_use]
    pub fn hold(&self) -> bool {
        !self.experiments.is_empty() && self.experiments.iter().all(|entry| entry.holds)
    }

    /// A table in Markdown, one row an experiment.
    #[must_use]
    pub fn table(&self) -> String {
        table::of(&self.experiments)
    }
}

/// What one experiment claims, and found.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The name of the experiment.
    pub name: &'static str,
    /// What is so.
    pub claim: &'static str,
    /// What is often said.
    pub folklore: &'static str,
    /// What happened with plain `zmq`; or why the experiment was not carried out.
    pub raw: String,
    /// What happened through the crates of this workspace.
    pub cured: String,
    /// Whether the claim was seen, and the cure worked.
    pub holds: bool,
    /// All that was measured; names end in their unit.
    pub figures: Figures,
}

impl Entry {
    pub(super) fn new(experiment: &Experiment, finding: Finding) -> Self {
        Self {
            name: experiment.name,
            claim: experiment.claim,
            folklore: experiment.folklore,
            raw: finding.raw,
            cured: finding.cured,
            holds: finding.holds,
            figures: finding.figures,
        }
    }

    pub(super) fn failed(experiment: &Experiment, error: &LabError) -> Self {
        let finding = Finding::new(false, format!("not carried out: {error}"), "", []);
        Self::new(experiment, finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::conditions::{Conditions, Size};

    fn results(holds: &[bool]) -> Results {
        let experiment = Experiment {
            name: "some",
            claim: "a claim",
            folklore: "a saying",
            run: |_| Err(LabError::Panicked),
        };
        let lab = Lab::new(Conditions::new(Size::Quick, "program".into())).unwrap();
        let mut results = Results::of(&lab);
        for &holds in holds {
            let finding = Finding::new(holds, "lost 3", "lost 0", [("lost_messages", 3.0)]);
            results.experiments.push(Entry::new(&experiment, finding));
        }
        results
    }

    #[test]
    fn one_that_does_not_hold_or_none_at_all_is_no_success() {
        assert!(results(&[true, true]).hold());
        assert!(!results(&[true, false]).hold());
        assert!(!results(&[]).hold());
    }

    #[test]
    fn the_json_names_the_library_and_every_finding() {
        let json = serde_json::to_value(results(&[true])).unwrap();
        let libzmq = json["libzmq"].as_str().unwrap();
        assert_eq!(libzmq.split('.').count(), 3, "{libzmq}");
        let found = &json["experiments"][0];
        assert_eq!(found["name"], "some");
        assert_eq!(found["folklore"], "a saying");
        assert_eq!(found["raw"], "lost 3");
        assert_eq!(found["cured"], "lost 0");
        assert_eq!(found["holds"], true);
        assert_eq!(found["figures"]["lost_messages"], 3.0);
    }
}
