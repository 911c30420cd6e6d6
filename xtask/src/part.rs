//! The named parts of a command, and how each came out.

use std::time::{Duration, Instant};

use crate::cargo::CargoError;
use crate::libtest::Counts;

/// How a part came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Tests that were counted one by one; failed if one of them did.
    Tests(Counts),
    Passed,
    Failed(String),
    Skipped(String),
}

impl Outcome {
    /// Passed if true.
    pub(crate) fn of(passed: bool) -> Self {
        if passed {
            Self::Passed
        } else {
            Self::Failed("see above".to_owned())
        }
    }

    fn counts(&self) -> Counts {
        match self {
            Self::Tests(counts) => *counts,
            Self::Passed => Counts {
                passed: 1,
                ..Counts::default()
            },
            Self::Failed(_) => Counts {
                failed: 1,
                ..Counts::default()
            },
            Self::Skipped(_) => Counts {
                skipped: 1,
                ..Counts::default()
            },
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Tests(Counts { failed: 0, .. }) | Self::Passed => "passed",
            Self::Tests(_) | Self::Failed(_) => "failed",
            Self::Skipped(_) => "skipped",
        }
    }

    fn note(&self) -> String {
        match self {
            Self::Tests(counts) => counted(*counts),
            Self::Passed => String::new(),
            Self::Failed(why) | Self::Skipped(why) => why.clone(),
        }
    }
}

/// The parts that were run so far.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    done: Vec<Done>,
}

#[derive(Debug)]
struct Done {
    name: String,
    outcome: Outcome,
    took: Duration,
}

impl Parts {
    /// Runs a part, with its name above what it prints.
    pub(crate) fn run(&mut self, name: &str, part: impl FnOnce() -> Result<Outcome, CargoError>) {
        println!("\n=== {name}");
        let begun = Instant::now();
        let outcome = part().unwrap_or_else(|error| Outcome::Failed(error.to_string()));
        if let Outcome::Failed(why) | Outcome::Skipped(why) = &outcome {
            println!("{} {name}: {why}", outcome.word().to_uppercase());
        }
        self.done.push(Done {
            name: name.to_owned(),
            outcome,
            took: begun.elapsed(),
        });
    }

    /// What all of them come to.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for done in &self.done {
            counts += done.outcome.counts();
        }
        counts
    }

    /// A line for each part.
    pub(crate) fn list(&self) -> String {
        let line = |done: &Done| {
            let (word, name, note) = (done.outcome.word(), &done.name, done.outcome.note());
            let line = format!(
                "{word:<7} {name:<50} {:>6.1} s  {note}",
                done.took.as_secs_f64()
            );
            format!("{}\n", line.trim_end())
        };
        self.done.iter().map(line).collect()
    }

    /// Whether something passed and nothing failed.
    pub(crate) fn passed(&self) -> bool {
        let counts = self.counts();
        counts.passed > 0 && counts.failed == 0
    }
}

/// The closing line.
pub(crate) fn counted(counts: Counts) -> String {
    let Counts {
        passed,
        failed,
        skipped,
    } = counts;
    format!("{passed} passed, {failed} failed, {skipped} skipped")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(outcomes: Vec<Outcome>) -> Parts {
        let mut parts = Parts::default();
        for outcome in outcomes {
            parts.run("a part", || Ok(outcome));
        }
        parts
    }

    #[test]
    fn parts_and_tests_add_up() {
        let parts = parts(vec![
            Outcome::Tests(Counts {
                passed: 5,
                failed: 0,
                skipped: 2,
            }),
            Outcome::Passed,
            Outcome::Skipped("not installed".to_owned()),
        ]);
        assert_eq!(counted(parts.counts()), "6 passed, 0 failed, 3 skipped");
        assert!(parts.passed());
        assert!(parts.list().contains("not installed"));
    }

    #[test]
    fn one_failure_fails_all() {
        let failing = Counts {
            passed: 5,
            failed: 1,
            skipped: 0,
        };
        assert!(!parts(vec![Outcome::Passed, Outcome::Tests(failing)]).passed());
        assert!(!parts(vec![Outcome::Passed, Outcome::of(false)]).passed());
    }

    #[test]
    fn nothing_but_skipped_is_not_passed() {
        assert!(!parts(vec![Outcome::Skipped(String::new())]).passed());
    }

    #[test]
    fn a_part_that_could_not_run_has_failed() {
        let mut parts = Parts::default();
        parts.run("a part", || {
            Err(CargoError::Failed {
                args: "metadata".to_owned(),
            })
        });
        assert_eq!(parts.counts().failed, 1);
    }
}
