//! A report as it is saved.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::listed::Listed;
use super::{Body, PhaseReport, Report};
use crate::outcome::Marks;
use crate::reason::Reason;
use crate::stage::Stage;

#[derive(Serialize)]
struct Saved<'a> {
    reason: &'a Reason,
    later_reasons: &'a [Reason],
    stage: Stage,
    budget: Duration,
    took: Duration,
    exit_code: u8,
    phases: &'a [PhaseReport],
}

#[derive(Deserialize)]
#[serde(rename = "Saved")]
struct Read {
    reason: Reason,
    later_reasons: Vec<Reason>,
    stage: Stage,
    budget: Duration,
    took: Duration,
    exit_code: u8,
    phases: Vec<PhaseReport>,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let saved = Saved {
            reason: self.reason(),
            later_reasons: self.later_reasons(),
            stage: self.stage(),
            budget: self.budget(),
            took: self.took(),
            exit_code: self.exit_code(),
            phases: self.phases(),
        };
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let mut marks = Marks::default();
        let members = read.phases.iter().flat_map(PhaseReport::members);
        members.for_each(|member| marks.note(member.outcome()));
        let body = Body {
            reason: read.reason,
            later_reasons: read.later_reasons,
            stage: read.stage,
            budget: read.budget,
            took: read.took,
            marks,
            phases: Listed::now(read.phases),
        };
        Ok(Self {
            body: Arc::new(body),
            exit_code: read.exit_code,
        })
    }
}
