//! All runs: those with a core free one by one, those with every core loaded a few at once, in turn.

use super::error::TroubleError;
use super::figures::Figures;
use super::judge::{Complaint, Verdict, Wrong, judge};
use super::load::Load;
use super::plan::Plan;
use super::run::carry_out;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How many processes run at once with every core loaded.
const AT_ONCE: u64 = 4;

/// What the overruns are held against, at the 99.9th percentile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bars {
    /// With a core free.
    pub free: Duration,
    /// With every core loaded.
    pub loaded: Duration,
}

/// What is to be done.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// How many runs.
    pub runs: u64,
    /// The seed of the first; each next has the next number.
    pub seed: u64,
    /// How late is too late.
    pub bars: Bars,
    /// Whether the machine does much else: then nobody is blamed for being late in a run that is to
    /// have a core free.
    pub is_busy: bool,
    /// Which runs are wanted: other seeds are passed over.
    pub wanted: fn(&Plan) -> bool,
}

impl Options {
    /// So many runs from a seed on; 10 ms with a core free, 250 ms with every core loaded.
    #[must_use]
    pub const fn new(runs: u64, seed: u64) -> Self {
        Self {
            runs,
            seed,
            bars: Bars {
                free: Duration::from_millis(10),
                loaded: Duration::from_millis(250),
            },
            is_busy: false,
            wanted: |_| true,
        }
    }

    fn plans(&self) -> impl Iterator<Item = Plan> {
        let plans = (self.seed..).map(Plan::new);
        let wanted = plans.filter(self.wanted);
        wanted.take(usize::try_from(self.runs).unwrap_or(usize::MAX))
    }
}

/// Carries all of them out with the program `trouble`, and tells what is wrong with each.
///
/// # Errors
///
/// If the machine can't be loaded. A process that does not come up is a complaint.
pub fn run(
    options: &Options,
    program: &Path,
    mut tell: impl FnMut(&str),
) -> Result<Figures, TroubleError> {
    let begun = Instant::now();
    let mut figures = Figures::new(options.seed, options.bars);
    let plans: Vec<Plan> = options.plans().collect();
    let turn = usize::try_from(2 * AT_ONCE).unwrap_or(1);
    for (nth, plans) in plans.chunks(turn).enumerate() {
        let plans_of = plans.iter().cloned();
        let (loaded, free): (Vec<_>, Vec<_>) = plans_of.partition(|plan| plan.is_loaded);
        let mut done = Vec::with_capacity(plans.len());
        if !free.is_empty() {
            let _load = Load::of(false)?;
            done.extend(
                free.into_iter()
                    .map(|plan| one(plan, program, options.is_busy)),
            );
        }
        if !loaded.is_empty() {
            let _load = Load::of(true)?;
            thread::scope(|scope| {
                let runs = loaded.into_iter();
                let runs: Vec<_> = runs
                    .map(|plan| scope.spawn(|| one(plan, program, options.is_busy)))
                    .collect();
                done.extend(runs.into_iter().filter_map(|run| run.join().ok()));
            });
        }
        for (plan, verdict, output) in done {
            figures.add(&plan, &verdict);
            for (wrong, text) in verdict.complaints {
                let (plan, output) = (plan.clone(), output.clone());
                let complaint = Complaint {
                    plan,
                    wrong,
                    text,
                    output,
                };
                tell(complaint.to_string().trim_end());
                figures.complaints.push(complaint);
            }
            let bar = match plan.is_loaded {
                true => options.bars.loaded,
                false => options.bars.free,
            };
            if verdict.overrun > bar {
                tell(&format!(
                    "--seed {} --runs 1: {:?} late, {}, {}, {:?}",
                    plan.seed, verdict.overrun, plan.trouble, plan.driver, plan.culprits
                ));
            }
        }
        figures.took = begun.elapsed();
        if (nth + 1) % 25 == 0 {
            tell(&figures.summary());
        }
    }
    Ok(figures)
}

fn one(plan: Plan, program: &Path, is_busy: bool) -> (Plan, Verdict, String) {
    match carry_out(&plan, program, is_busy) {
        Ok(evidence) => (plan, judge(&evidence), evidence.output),
        Err((error, output)) => {
            let verdict = Verdict {
                overrun: Duration::ZERO,
                complaints: vec![(Wrong::NotUp, error.to_string())],
            };
            (plan, verdict, output)
        }
    }
}
