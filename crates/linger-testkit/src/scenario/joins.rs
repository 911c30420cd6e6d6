//! Joins under full flood: no gap, no duplicate, the first message exactly at the base.
//!
//! A publisher publishes as fast as a member that is there from the beginning allows. Others join,
//! one after the other, each under a name of its own; each takes some messages and leaves. What
//! each of them saw is held against its base in the publisher's report.

use super::ScenarioError;
use super::flood::Flood;
use crate::chaos::{Programs, topic_name, topic_number};
use linger::Subscriber;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How many join at one publisher: it remembers some more than that.
const AT_ONE: u64 = 500;

/// How many messages each takes at least.
const TAKEN: u64 = 240;

/// How long a join, or what comes after it, may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Figures {
    /// How long each join took, from the first call to the membership; in ascending order.
    pub took: Vec<Duration>,
    /// Joins that did not come to be.
    pub not_joined: u64,
    /// Topics whose first message was not the base.
    pub wrong_first: u64,
    /// Messages that were left out.
    pub gaps: u64,
    /// Messages that came twice, or after a later one.
    pub duplicates: u64,
    /// Messages that those who joined took.
    pub taken: u64,
    /// Messages that were published meanwhile.
    pub published: u64,
    /// How long all of it took.
    pub seconds: f64,
}

impl Figures {
    /// Whether everybody joined and nobody missed anything.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let wrong = self.not_joined + self.wrong_first + self.gaps + self.duplicates;
        !self.took.is_empty() && wrong == 0
    }

    /// The time that half of the joins took no longer than.
    #[must_use]
    pub fn median(&self) -> Duration {
        self.at(50)
    }

    fn at(&self, percent: usize) -> Duration {
        let at = (self.took.len() * percent / 100).min(self.took.len().saturating_sub(1));
        self.took.get(at).copied().unwrap_or_default()
    }

    /// All of it, for a line.
    #[must_use]
    pub fn json(&self) -> Value {
        let millis = |percent| self.at(percent).as_secs_f64() * 1e3;
        json!({
            "joins": self.took.len(),
            "not_joined": self.not_joined,
            "wrong_first": self.wrong_first,
            "gaps": self.gaps,
            "duplicates": self.duplicates,
            "taken": self.taken,
            "published": self.published,
            "median_ms": millis(50),
            "p99_ms": millis(99),
            "max_ms": millis(100),
            "seconds": self.seconds,
        })
    }
}

/// Has so many join.
///
/// # Errors
///
/// If the publisher can't be started, or ends without a report.
pub fn run(programs: &Programs, joins: u64) -> Result<Figures, ScenarioError> {
    let begun = Instant::now();
    let mut figures = Figures::default();
    let mut left = joins;
    while left > 0 {
        let now = left.min(AT_ONE);
        left -= now;
        at_one_publisher(programs, now, &mut figures)?;
    }
    figures.took.sort_unstable();
    figures.seconds = begun.elapsed().as_secs_f64();
    Ok(figures)
}

fn at_one_publisher(
    programs: &Programs,
    joins: u64,
    figures: &mut Figures,
) -> Result<(), ScenarioError> {
    let settings = ["rate=0", "wait=1", "window=4096", "payload=64"];
    let settings = settings.map(str::to_owned);
    let flood = Flood::start(programs, Duration::from_secs(5), &settings)?;
    let all = Subscriber::builder("steady").subscribe("");
    let steady = all.connect(&flood.data, &flood.control)?;
    let is_over = AtomicBool::new(false);
    let mut seen = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                // A message that can't be had would be seen in the report.
                let soon = Instant::now() + Duration::from_millis(50);
                if let Ok(Some(delivery)) = steady.next_by(soon) {
                    delivery.ack();
                }
            }
        });
        let all: Result<Vec<Seen>, ScenarioError> = (0..joins)
            .take_while(|_| !flood.has_ended())
            .map(|number| join(&flood, number))
            .collect();
        is_over.store(true, Ordering::Relaxed);
        seen = all?;
        Ok::<_, ScenarioError>(())
    })?;
    figures.published += flood.accepted();
    figures.not_joined += joins - seen.len() as u64;
    drop(steady);
    let report = flood.stop()?;
    for seen in seen {
        figures.add(&seen, &report);
    }
    Ok(())
}

/// What one of them saw.
#[derive(Debug, Default)]
struct Seen {
    name: String,
    took: Option<Duration>,
    /// Of each topic: the first sequence, and the last.
    topics: BTreeMap<u16, (u64, u64)>,
    gaps: u64,
    duplicates: u64,
    taken: u64,
}

fn join(flood: &Flood, number: u64) -> Result<Seen, ScenarioError> {
    let mut seen = Seen {
        name: format!("joiner-{number}"),
        ..Seen::default()
    };
    let begun = Instant::now();
    let deadline = begun + PATIENCE;
    let all = Subscriber::builder(&*seen.name).subscribe("");
    let subscriber = all.connect(&flood.data, &flood.control)?;
    if subscriber.wait_until_member(deadline) {
        seen.took = Some(begun.elapsed());
    }
    while seen.taken < TAKEN && Instant::now() < deadline {
        match subscriber.next_by(deadline) {
            Ok(Some(delivery)) => {
                seen.take(topic_number(delivery.topic()), delivery.sequence());
                delivery.ack();
            }
            Ok(None) => break,
            // Gone, or lost: what it tells of is a gap.
            Err(_) => seen.gaps += 1,
        }
    }
    let _ = subscriber.close_by(Instant::now() + Duration::from_secs(2));
    Ok(seen)
}

impl Seen {
    fn take(&mut self, topic: Option<u16>, sequence: u64) {
        self.taken += 1;
        let topic = topic.unwrap_or(u16::MAX);
        let (_, last) = self
            .topics
            .entry(topic)
            .or_insert((sequence, sequence.saturating_sub(1)));
        match sequence.checked_sub(*last + 1) {
            Some(left_out) => self.gaps += left_out,
            None => self.duplicates += 1,
        }
        *last = sequence.max(*last);
    }
}

impl Figures {
    fn add(&mut self, seen: &Seen, report: &Value) {
        let members = report["members"].as_array().into_iter().flatten();
        let mut topics = BTreeMap::new();
        let mut sessions = 0;
        for member in members.filter(|member| member["name"] == seen.name) {
            sessions += 1;
            for topic in member["topics"].as_array().into_iter().flatten() {
                topics.insert(topic["topic"].as_str(), topic["base"].as_u64());
            }
        }
        let first = seen.topics.iter().filter(|(topic, (first, _))| {
            let name = topic_name(**topic);
            topics.get(&Some(name.as_str())) != Some(&Some(*first))
        });
        self.wrong_first += first.count() as u64;
        self.gaps += seen.gaps;
        self.duplicates += seen.duplicates;
        self.taken += seen.taken;
        match seen.took.filter(|_| sessions == 1 && seen.taken >= TAKEN) {
            Some(took) => self.took.push(took),
            None => self.not_joined += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(base: u64) -> Value {
        json!({ "members": [
            { "name": "joiner-0", "topics": [{ "topic": "t03", "base": base }] },
            { "name": "joiner-1", "topics": [] },
        ] })
    }

    fn seen(sequences: &[u64]) -> Seen {
        let mut seen = Seen {
            name: "joiner-0".to_owned(),
            took: Some(Duration::from_millis(7)),
            ..Seen::default()
        };
        for &sequence in sequences {
            seen.take(Some(3), sequence);
        }
        seen.taken = TAKEN;
        seen
    }

    #[test]
    fn who_begins_at_its_base_and_misses_nothing_is_sound() {
        let mut figures = Figures::default();
        figures.add(&seen(&[5, 6, 7]), &report(5));
        assert!(figures.is_sound(), "{figures:?}");
        assert_eq!(figures.median(), Duration::from_millis(7));
    }

    #[test]
    fn a_first_message_off_the_base_a_gap_and_a_duplicate_are_found() {
        for (sequences, base, wrong) in [
            (&[6, 7, 8][..], 5, [1, 0, 0]),
            (&[5, 6, 9], 5, [0, 2, 0]),
            (&[5, 6, 6], 5, [0, 0, 1]),
        ] {
            let mut figures = Figures::default();
            figures.add(&seen(sequences), &report(base));
            let found = [figures.wrong_first, figures.gaps, figures.duplicates];
            assert_eq!(found, wrong, "{sequences:?}");
            assert!(!figures.is_sound());
        }
    }

    #[test]
    fn who_is_not_in_the_report_has_not_joined() {
        let mut figures = Figures::default();
        let mut other = seen(&[]);
        other.name = "joiner-7".to_owned();
        figures.add(&other, &report(5));
        assert_eq!((figures.not_joined, figures.took.len()), (1, 0));
    }
}
