//! All cycles, one after the other.

use super::cycle::Cycle;
use super::error::ChaosError;
use super::figures::Figures;
use super::hosts::Hosts;
use super::judge::{Evidence, LifeEnd, judge};
use super::plan::Plan;
use super::programs::Programs;
use crate::random::Random;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What a run is to do.
#[derive(Debug)]
#[non_exhaustive]
pub struct Options {
    /// How many cycles.
    pub cycles: u64,
    /// The number of the first one: those before it are left out, as if they had been.
    pub first: u64,
    /// What everything is planned from.
    pub seed: u64,
    /// How many messages a cycle publishes at least.
    pub messages: u64,
    /// How many messages a publisher publishes in a second, where nothing holds it up.
    pub rate: u64,
    /// Where the processes live.
    pub hosts: Hosts,
    /// A planted bug, to try the judge: of so many messages a subscriber in Rust acknowledges one
    /// that it did not write down. 0 is none.
    pub forget: u64,
    /// What a cycle left is kept where something is wrong with it.
    pub keeps: bool,
    /// Ends the run when it is set: the cycle that is in progress then does not count.
    pub is_interrupted: Arc<AtomicBool>,
}

impl Options {
    /// So many cycles from a seed, on this host, of 20,000 messages each at 11,000 a second.
    #[must_use]
    pub fn new(cycles: u64, seed: u64) -> Self {
        Self {
            cycles,
            first: 1,
            seed,
            messages: 20_000,
            rate: 11_000,
            hosts: Hosts::Loopback,
            forget: 0,
            keeps: true,
            is_interrupted: Arc::default(),
        }
    }
}

impl Options {
    /// The number and the seed of each cycle.
    fn seeds(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let mut random = Random::new(self.seed);
        let first = self.first;
        let all = (1..first + self.cycles).map(move |number| (number, random.draw()));
        all.skip_while(move |(number, _)| *number < first)
    }
}

/// Carries all cycles out, and tells what each of them came to, as lines.
///
/// Where what a cycle left is kept, the lines say so.
///
/// # Errors
///
/// If there is no room for what the cycles leave. A cycle that can't be carried out is counted.
pub fn run(
    options: &Options,
    programs: &Programs,
    mut tell: impl FnMut(&str),
) -> io::Result<Figures> {
    let begun = Instant::now();
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let nth = RUNS.fetch_add(1, Ordering::Relaxed);
    let name = format!("linger-chaos-{}-{nth}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let mut figures = Figures::default();
    let last = options.first + options.cycles - 1;
    for (number, seed) in options.seeds() {
        let folder = folder.join(number.to_string());
        std::fs::create_dir_all(&folder)?;
        let before = figures.verdict.complaints.len();
        let done = one(options, programs, seed, &folder);
        if options.is_interrupted.load(Ordering::Relaxed) {
            std::fs::remove_dir_all(&folder)?;
            tell("interrupted");
            break;
        }
        let told = match done {
            Ok((evidence, faults)) => {
                figures.note(&evidence);
                figures.add(judge(&evidence), &faults);
                figures.verdict.complaints[before..]
                    .iter()
                    .map(ToString::to_string)
                    .collect()
            }
            Err(error) => {
                figures.failed_cycles += 1;
                vec![error.to_string()]
            }
        };
        figures.took = begun.elapsed();
        for line in &told {
            tell(&format!("cycle {number}: {line}"));
        }
        match told.is_empty() || !options.keeps {
            true => std::fs::remove_dir_all(&folder)?,
            false => tell(&format!("cycle {number}: kept in {}", folder.display())),
        }
        if number % 10 == 0 || number == last {
            tell(&format!("cycle {number} of {last}: {}", figures.summary()));
        }
    }
    // Where nothing was kept it is empty.
    let _ = std::fs::remove_dir(&folder);
    Ok(figures)
}

fn one(
    options: &Options,
    programs: &Programs,
    seed: u64,
    folder: &Path,
) -> Result<(Evidence, super::cycle::Faults), ChaosError> {
    let span = Duration::from_millis(options.messages * 1_000 / options.rate.max(1));
    let has_relays = options.hosts.has_relays();
    let plan = Plan::new(seed, span, options.rate, has_relays);
    std::fs::write(folder.join("plan"), format!("{plan:#?}\n"))?;
    let cycle = Cycle {
        programs,
        hosts: &options.hosts,
        plan: &plan,
        folder,
        messages: options.messages,
        forget: options.forget,
    };
    let (evidence, faults) = cycle.run()?;
    for (number, life) in (1..).zip(&evidence.lives) {
        if let LifeEnd::Reported { report, .. } = &life.end {
            std::fs::write(folder.join(format!("report.{number}")), report.to_string())?;
        }
    }
    Ok((evidence, faults))
}

impl Figures {
    /// Notes what needs no judge.
    fn note(&mut self, evidence: &Evidence) {
        self.lives += evidence.lives.len() as u64;
        for member in &evidence.members {
            self.lives += member.journals.len() as u64;
        }
        for life in &evidence.lives {
            let outcome = match &life.end {
                LifeEnd::Killed => "killed",
                LifeEnd::Silent => "silent",
                LifeEnd::Reported { report, .. } => report["outcome"].as_str().unwrap_or("none"),
            };
            *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        }
        for stop in &evidence.stops {
            self.latest = self.latest.max(stop.took.saturating_sub(stop.budget));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_begins_later_does_what_the_whole_one_does_from_there_on() {
        let whole = Options::new(20, 7);
        let mut part = Options::new(5, 7);
        part.first = 11;
        let whole: Vec<_> = whole.seeds().collect();
        let part: Vec<_> = part.seeds().collect();
        assert_eq!(part, whole[10..15]);
        assert_eq!((whole.len(), whole[0].0), (20, 1));
    }
}
