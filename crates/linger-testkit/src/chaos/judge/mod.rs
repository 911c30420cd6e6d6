//! The judge of a cycle: it knows nothing but what the processes left.
//!
//! It believes no counter and no outcome of its own accord: what a report says is held against the
//! journals of the members, which were written before each acknowledgement, and against the
//! publisher's own journal of what it accepted. The chaos module's docs define what is judged.

mod evidence;
mod held;
mod record;
mod report;
mod verdict;

pub use evidence::{Evidence, GRACE, Life, LifeEnd, Member, Quorum, Stop};
pub use verdict::{Complaint, Verdict, Violation};

use held::Held;
use record::Record;
use report::Report;
use std::collections::{BTreeMap, BTreeSet};

/// Judges a cycle by what it left.
pub fn judge(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict::default();
    let numbers = 1_u16..;
    let records: Vec<Record> = numbers
        .zip(&evidence.lives)
        .map(|(number, life)| {
            let is_open = !matches!(life.end, LifeEnd::Reported { .. });
            Record::read(number, &life.journal, is_open, &mut verdict)
        })
        .collect();
    let members = evidence.members.iter();
    let held: Vec<Held> = members
        .map(|member| Held::read(member, &records, evidence.may_repeat, &mut verdict))
        .collect();
    for (at, (number, life)) in (1_u16..).zip(&evidence.lives).enumerate() {
        let trial = Trial {
            evidence,
            life: number,
            record: &records[at],
            held: &held,
        };
        verdict.accepted += trial.record.accepted();
        match &life.end {
            LifeEnd::Killed => trial.without_report(&mut verdict),
            LifeEnd::Silent => {
                let text = format!("life {number} ended without a report");
                verdict.complain(Violation::NoReport, 1, text);
                trial.without_report(&mut verdict);
            }
            LifeEnd::Reported { report, code } => {
                match serde_json::from_value::<Report>(report.clone()) {
                    Ok(report) => trial.with_report(&report, *code, &mut verdict),
                    Err(error) => {
                        let text = format!("the report of life {number}: {error}");
                        verdict.complain(Violation::NoReport, 1, text);
                    }
                }
            }
        }
    }
    for stop in &evidence.stops {
        if stop.took > stop.budget + GRACE {
            let text = format!("{} took {:?} of {:?}", stop.name, stop.took, stop.budget);
            verdict.complain(Violation::LateStop, 1, text);
        }
    }
    verdict
}

/// One life of the publisher before the judge.
struct Trial<'a> {
    evidence: &'a Evidence,
    life: u16,
    record: &'a Record,
    held: &'a [Held],
}

/// What a report says of one place that somebody was owed.
#[derive(Debug, Default)]
struct Said {
    /// The members that acknowledged it.
    acked: BTreeSet<usize>,
    /// The members of which some session was owed it and did not acknowledge it.
    lacking: BTreeSet<usize>,
}

impl Said {
    fn is_lacking(&self, quorum: Quorum) -> bool {
        match quorum {
            Quorum::All => !self.lacking.is_empty(),
            Quorum::AtLeast(least) => self.acked.len() < least,
            Quorum::Named(first) => self.lacking.iter().any(|&at| at < first),
        }
    }
}

impl Trial<'_> {
    /// Nobody reports for a publisher that was killed: what it claimed last, and the journals.
    fn without_report(&self, verdict: &mut Verdict) {
        for (&member, &acked) in &self.record.claims {
            let held = self.held.get(usize::from(member));
            let held = held.map_or(0, |held| held.count(self.life));
            let text = format!(
                "life {}: member {member} holds {held}, and {acked} were acknowledged",
                self.life
            );
            verdict.complain(
                Violation::AckedNotProcessed,
                acked.saturating_sub(held),
                text,
            );
        }
        for (topic, sequence) in self.record.places() {
            let mut held = self.held.iter();
            match held.any(|held| held.has(self.life, topic, sequence)) {
                true => verdict.survived += 1,
                false => verdict.perished += 1,
            }
        }
    }

    fn with_report(&self, report: &Report, code: Option<i32>, verdict: &mut Verdict) {
        let life = self.life;
        let said = self.gather(report, verdict);
        let (accepted, recorded) = (report.counters.accepted, self.record.accepted());
        let text = format!("life {life}: the report knows {accepted} of {recorded} accepted");
        verdict.complain(
            Violation::Unaccounted,
            recorded.saturating_sub(accepted),
            text,
        );
        let text = format!("life {life}: the report knows {accepted}, but {recorded} were");
        verdict.complain(
            Violation::Overclaim,
            accepted.saturating_sub(recorded),
            text,
        );

        let unowed = report.counters.unowed;
        let places = self.record.places();
        let uncovered = places.filter(|place| !said.contains_key(place)).count() as u64;
        let text =
            format!("life {life}: {uncovered} are owed to nobody named, {unowed} are counted so");
        let missing = uncovered.saturating_sub(unowed);
        verdict.complain(Violation::Unaccounted, missing, &text);
        verdict.complain(Violation::Overclaim, unowed.saturating_sub(uncovered), text);

        verdict.unowed += unowed;
        for said in said.values() {
            verdict.acked += u64::from(!said.acked.is_empty());
            verdict.named += u64::from(said.is_lacking(Quorum::All));
        }
        self.remembers(report, &said, verdict);
        self.drained(report, code, &said, verdict);
    }

    /// What the entries say of each place; each is held against the member's journals.
    fn gather(&self, report: &Report, verdict: &mut Verdict) -> BTreeMap<(u16, u64), Said> {
        let life = self.life;
        let mut said = BTreeMap::<(u16, u64), Said>::new();
        for entry in &report.members {
            let name = &entry.name;
            let members = &self.evidence.members;
            let Some(at) = members.iter().position(|member| member.name == *name) else {
                let text = format!("life {life}: a member {name:?} that nobody started");
                verdict.complain(Violation::Overclaim, 1, text);
                continue;
            };
            for topic in &entry.topics {
                let number = topic.topic.strip_prefix('t').and_then(|t| t.parse().ok());
                let accepted = number.map_or(0, |number| self.record.last(number));
                let (Some(number), None) = (number, topic.objection(accepted)) else {
                    let why = topic.objection(accepted).unwrap_or("no such topic");
                    let text = format!("life {life}: {name}, {}: {why}", topic.topic);
                    verdict.complain(Violation::Overclaim, 1, text);
                    continue;
                };
                let mut missing = Vec::new();
                for sequence in topic.owed() {
                    let said = said.entry((number, sequence)).or_default();
                    let has_acked = topic.has_acked(sequence);
                    match has_acked {
                        true => said.acked.insert(at),
                        false => said.lacking.insert(at),
                    };
                    if has_acked && !self.held[at].has(life, number, sequence) {
                        missing.push(sequence);
                    }
                }
                let text = format!(
                    "life {life}: {name} does not hold {} of {}..={}",
                    topic.topic,
                    missing.first().unwrap_or(&0),
                    missing.last().unwrap_or(&0)
                );
                let count = missing.len() as u64;
                verdict.complain(Violation::AckedNotProcessed, count, text);
            }
        }
        said
    }

    /// What the publisher once claimed of a member, its report must not fall behind.
    fn remembers(&self, report: &Report, said: &BTreeMap<(u16, u64), Said>, verdict: &mut Verdict) {
        for (&member, &claimed) in &self.record.claims {
            let at = usize::from(member);
            let Some(named) = self.evidence.members.get(at) else {
                continue;
            };
            let acked = said.values().filter(|said| said.acked.contains(&at));
            let acked = acked.count() as u64;
            let is_listed = report.members.iter().any(|entry| entry.name == named.name);
            let count = u64::from(!is_listed).max(claimed.saturating_sub(acked));
            let text = format!(
                "life {}: {claimed} acknowledged by {} have become {acked}",
                self.life, named.name
            );
            verdict.complain(Violation::Forgotten, count, text);
        }
    }

    /// SPEC C2, judged anew: by the members' acknowledgements, place by place.
    fn drained(
        &self,
        report: &Report,
        code: Option<i32>,
        said: &BTreeMap<(u16, u64), Said>,
        verdict: &mut Verdict,
    ) {
        let quorum = self.evidence.quorum;
        let lacking = said.values().filter(|said| said.is_lacking(quorum));
        let named = match quorum {
            Quorum::Named(first) => first,
            _ => 0,
        };
        let absent = self.evidence.members.iter().take(named);
        let absent = absent.filter(|member| !report.members.iter().any(|m| m.name == member.name));
        let lacking = (lacking.count() + absent.count()) as u64;
        let text = format!(
            "life {}: {} with exit code {code:?}, {lacking} of {} lack acknowledgements",
            self.life,
            report.outcome,
            said.len()
        );
        match report.outcome.as_str() {
            "drained" => {
                let count = lacking.max(u64::from(said.is_empty()));
                verdict.complain(Violation::FalseDrained, count, text);
            }
            "behind" if code == Some(0) => verdict.complain(Violation::FalseDrained, 1, text),
            "behind" => {}
            // Nobody was there, or nobody was owed anything.
            _ => verdict.complain(Violation::FalseDrained, said.len() as u64, text),
        }
    }
}

#[cfg(test)]
mod tests;
