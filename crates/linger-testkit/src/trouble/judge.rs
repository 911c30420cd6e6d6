//! What is wrong with how a process ended.

#[cfg(test)]
mod tests;

use super::kind::Trouble;
use super::part::Ends;
use super::plan::{Alarm, Plan};
use crate::child::Exit;
use linger::linger_coordinator::exit as codes;
use serde_json::Value;
use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

/// By how much the watchdog may be ahead of the judge's clock.
const EARLY: Duration = Duration::from_millis(5);

/// What is left of one run.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    pub(crate) plan: Plan,
    /// What it said on stdout.
    pub(crate) said: Vec<Value>,
    /// The last lines on stderr.
    pub(crate) errors: String,
    /// The last lines of both.
    pub(crate) output: String,
    /// Whether its coordinator was started before the first signal was sent.
    pub(crate) was_listening: bool,
    /// Trigger and budget.
    pub(crate) hard: Instant,
    /// When it had to be gone: the same, or sooner after a later signal.
    pub(crate) deadline: Instant,
    /// How it ended, if it was not killed.
    pub(crate) exit: Option<Exit>,
    /// Whether the machine does much else.
    pub(crate) is_busy: bool,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Wrong {
    /// The run could not be carried out.
    NotUp,
    /// It had to be killed, long after its deadline.
    Overstayed,
    /// A culprit is named nowhere.
    NotNamed,
    /// The report says that a culprit ended in another way than it did.
    Outcome,
    /// The report says that somebody was not done who was no culprit, in a run without one.
    Innocent,
    /// The report gives another reason than what began the stop.
    Reason,
    /// The exit code is not what the table says.
    ExitCode,
}

/// Something that is wrong with a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Complaint {
    /// The run.
    pub plan: Plan,
    /// What is wrong.
    pub wrong: Wrong,
    /// What exactly.
    pub text: String,
    /// What the process wrote.
    pub output: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.plan;
        let load = if plan.is_loaded {
            "loaded"
        } else {
            "a core free"
        };
        writeln!(
            f,
            "--seed {} --runs 1: {:?}: {}",
            plan.seed, self.wrong, self.text
        )?;
        writeln!(
            f,
            "  {}; {}; {load}; {:?} in {}; {:?}",
            plan.trouble, plan.driver, plan.culprits, plan.phase, plan.alarm
        )?;
        writeln!(f, "  {plan:?}")?;
        for line in self.output.lines() {
            writeln!(f, "  | {line}")?;
        }
        Ok(())
    }
}

/// What a run comes to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    pub(crate) overrun: Duration,
    pub(crate) complaints: Vec<(Wrong, String)>,
}

/// A culprit, by the word of the process itself.
struct Culprit<'a> {
    name: &'a str,
    at: &'a str,
    ends: Ends,
}

pub(crate) fn judge(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict::default();
    let Some(exit) = evidence.exit else {
        let text = "it had to be killed".to_owned();
        verdict.complaints.push((Wrong::Overstayed, text));
        return verdict;
    };
    verdict.overrun = exit.at.saturating_duration_since(evidence.deadline);
    if evidence.was_ended_unheard(exit) {
        return verdict;
    }
    let culprits = evidence.culprits();
    if culprits.len() < evidence.plan.culprits.len()
        && evidence.plan.trouble != Trouble::SignalDuringStart
    {
        let text = "it has not said who its culprits are".to_owned();
        verdict.complaints.push((Wrong::NotUp, text));
    }
    let report = evidence.report();
    for culprit in culprits.iter().filter(|culprit| culprit.ends != Ends::Done) {
        let entry = report.and_then(|report| culprit.entry(report));
        if entry.is_none() && !culprit.is_listed(&evidence.errors) {
            let text = format!("nobody names '{}' ({})", culprit.name, culprit.at);
            verdict.complaints.push((Wrong::NotNamed, text));
        }
        let is_quiet = evidence.is_quiet();
        if let Some(outcome) = entry
            .map(outcome)
            .filter(|word| !culprit.ends.is_word(word, is_quiet))
        {
            let (name, ends) = (culprit.name, culprit.ends.word());
            let text = format!("'{name}' is said to be {outcome}, and should be {ends}");
            verdict.complaints.push((Wrong::Outcome, text));
        }
    }
    if let Some(report) = report {
        if evidence.is_quiet() && culprits.iter().all(|culprit| culprit.ends == Ends::Done) {
            let others = members(report).filter(|member| outcome(member) != "done");
            for other in others.filter(|member| member["name"] != "alarm") {
                let text = format!("{} is said to be {}", other["name"], outcome(other));
                verdict.complaints.push((Wrong::Innocent, text));
            }
        }
        if !evidence.plan.alarm.is_reason(&report["reason"]) {
            let text = format!("{} for {:?}", report["reason"], evidence.plan.alarm);
            verdict.complaints.push((Wrong::Reason, text));
        }
    }
    let expected = evidence.expected(&culprits);
    let code = exit.status.code();
    // Whoever still runs at hard is ended by the watchdog, however it would have ended a moment
    // later.
    let by_watchdog = code == Some(i32::from(codes::WATCHDOG)) && exit.at + EARLY >= evidence.hard;
    let may_be_late = expected == codes::INCOMPLETE || !evidence.is_quiet();
    if code != Some(i32::from(expected)) && !(by_watchdog && may_be_late) {
        let text = format!("{}, and should be {expected}", exit.status);
        verdict.complaints.push((Wrong::ExitCode, text));
    }
    verdict
}

impl Evidence {
    /// Whether all who are told in time have their time.
    fn is_quiet(&self) -> bool {
        !self.plan.is_loaded && !self.is_busy
    }

    /// Ended by the first signal, which came before there was a coordinator to listen to it.
    fn was_ended_unheard(&self, exit: Exit) -> bool {
        let Alarm::Signal(signal) = self.plan.alarm else {
            return false;
        };
        self.plan.moment.is_some()
            && !self.was_listening
            && exit.status.signal() == Some(signal.number())
    }

    fn culprits(&self) -> Vec<Culprit<'_>> {
        let ends: Vec<Ends> = self.plan.ends().collect();
        let said = self.said.iter().filter(|said| said["event"] == "culprit");
        let culprit = |said: &'_ Value| -> Option<(usize, Ends)> {
            let nth = usize::try_from(said["nth"].as_u64()?).ok()?;
            Some((nth, *ends.get(nth)?))
        };
        said.filter_map(|said| {
            let (_, ends) = culprit(said)?;
            Some(Culprit {
                name: said["name"].as_str()?,
                at: said["at"].as_str()?,
                ends,
            })
        })
        .collect()
    }

    fn report(&self) -> Option<&Value> {
        let said = self.said.iter().find(|said| said["event"] == "report")?;
        Some(&said["report"])
    }

    /// The exit code by the table.
    fn expected(&self, culprits: &[Culprit<'_>]) -> u8 {
        let plan = &self.plan;
        if let Some(&signal) = plan.later_signals().get(1) {
            return u8::try_from(128 + signal.number()).unwrap_or(u8::MAX);
        }
        if plan.is_stuck() {
            return codes::WATCHDOG;
        }
        // Others may be late, on a machine with every core loaded: then the report says so.
        let is_late = |word: &str| matches!(word, "forced" | "aborted" | "abandoned" | "skipped");
        let has_failed = |word: &str| matches!(word, "failed" | "panicked");
        let said = |is_it: fn(&str) -> bool| {
            let report = self.report();
            report.is_some_and(|report| members(report).any(|member| is_it(outcome(member))))
        };
        if culprits.iter().any(|culprit| culprit.ends.is_incomplete()) || said(is_late) {
            codes::INCOMPLETE
        } else if plan.alarm == Alarm::Failure
            || culprits
                .iter()
                .any(|culprit| culprit.ends == Ends::Panicked)
            || said(has_failed)
        {
            codes::FAILED
        } else {
            codes::COMPLETE
        }
    }
}

impl Culprit<'_> {
    /// What a saved report says of it.
    fn entry<'r>(&self, report: &'r Value) -> Option<&'r Value> {
        members(report).find(|member| {
            let origin = &member["origin"];
            let file = origin["file"].as_str().unwrap_or_default();
            member["name"] == self.name && format!("{file}:{}", origin["line"]) == self.at
        })
    }

    /// Whether a line of the watchdog's has it.
    fn is_listed(&self, errors: &str) -> bool {
        let begins = errors
            .lines()
            .skip_while(|line| !line.starts_with("linger: "));
        let mut lines = begins.filter(|line| line.split(['\'', ' ']).any(|word| word == self.name));
        lines.any(|line| line.split([' ', '(', ')']).any(|word| word == self.at))
    }
}

impl Alarm {
    fn is_reason(self, reason: &Value) -> bool {
        match self {
            Self::Signal(signal) => reason["Signal"] == signal.number(),
            Self::Request => reason == "Request",
            Self::Failure => reason["MemberFailed"]["name"] == "alarm",
        }
    }
}

fn members(report: &Value) -> impl Iterator<Item = &Value> {
    let phases = report["phases"].as_array().into_iter().flatten();
    phases.flat_map(|phase| phase["members"].as_array().into_iter().flatten())
}

/// One word of it; what a failure says is left out.
fn outcome(member: &Value) -> &str {
    match &member["outcome"] {
        Value::String(word) => word,
        Value::Object(with_text) => with_text.keys().next().map_or("", String::as_str),
        _ => "",
    }
}
