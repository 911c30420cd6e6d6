//! A claim about libzmq, and what was found when it was put to the test.

use std::collections::BTreeMap;

use super::conditions::Lab;
use super::error::LabError;

/// Carries an experiment out.
pub(crate) type Run = fn(&Lab) -> Result<Finding, LabError>;

/// One claim, put to the libzmq that is linked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Experiment {
    /// In snake case, as its file.
    pub(crate) name: &'static str,
    /// What is so, in one sentence.
    pub(crate) claim: &'static str,
    /// What is often said.
    pub(crate) folklore: &'static str,
    pub(crate) run: Run,
}

/// What was seen.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Finding {
    /// What happened with plain `zmq`, with figures.
    pub(crate) raw: String,
    /// What happened through the crates of this workspace, with figures.
    pub(crate) cured: String,
    /// All that was measured. Names end in their unit, as `_ms` or `_messages`.
    pub(crate) figures: Figures,
    /// Whether the claim was seen and the cure worked; computed from the figures.
    pub(crate) holds: bool,
}

/// Named numbers.
pub(crate) type Figures = BTreeMap<&'static str, f64>;

impl Finding {
    pub(crate) fn new<const N: usize>(
        holds: bool,
        raw: impl Into<String>,
        cured: impl Into<String>,
        figures: [(&'static str, f64); N],
    ) -> Self {
        Self {
            raw: raw.into(),
            cured: cured.into(),
            // What there was nothing to measure of is left out.
            figures: Figures::from_iter(figures.into_iter().filter(|(_, it)| it.is_finite())),
            holds,
        }
    }
}
