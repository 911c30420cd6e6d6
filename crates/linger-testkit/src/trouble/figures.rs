//! What all runs come to.

use super::judge::{Complaint, Verdict, Wrong};
use super::kind::Trouble;
use super::plan::Plan;
use super::runs::Bars;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// How late processes ended, one entry a run.
#[derive(Debug, Clone, Default)]
pub struct Overruns(Vec<Duration>);

/// The sums over the runs with one trouble.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Row {
    /// How many runs there were.
    pub runs: u64,
    /// The latest end with a core free, past its deadline.
    pub worst_free: Duration,
    /// The same with every core loaded.
    pub worst_loaded: Duration,
    /// Runs with a culprit that nobody named.
    pub not_named: u64,
    /// Runs with an exit code that the table does not have.
    pub wrong_codes: u64,
    /// Runs with something else that is wrong.
    pub otherwise_wrong: u64,
}

/// The sums over all runs.
#[derive(Debug, Clone)]
#[must_use]
#[non_exhaustive]
pub struct Figures {
    /// The seed of the first.
    pub seed: u64,
    /// What the overruns are held against.
    pub bars: Bars,
    /// A line for each trouble.
    pub rows: BTreeMap<Trouble, Row>,
    /// With a core free.
    pub free: Overruns,
    /// With every core loaded.
    pub loaded: Overruns,
    /// What was wrong.
    pub complaints: Vec<Complaint>,
    /// How long all of it took.
    pub took: Duration,
}

impl Overruns {
    pub(super) fn add(&mut self, overrun: Duration) {
        self.0.push(overrun);
    }

    /// How many runs there were.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.0.len()
    }

    /// What 999 of a thousand stay within; below a thousand runs, all.
    #[must_use]
    pub fn p999(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * 999).div_ceil(1_000);
        let at = rank.saturating_sub(1);
        sorted.get(at).copied().unwrap_or_default()
    }
}

impl Row {
    const NOTHING: Self = Self {
        runs: 0,
        worst_free: Duration::ZERO,
        worst_loaded: Duration::ZERO,
        not_named: 0,
        wrong_codes: 0,
        otherwise_wrong: 0,
    };
}

impl Figures {
    pub(super) fn new(seed: u64, bars: Bars) -> Self {
        Self {
            seed,
            bars,
            rows: BTreeMap::new(),
            free: Overruns::default(),
            loaded: Overruns::default(),
            complaints: Vec::new(),
            took: Duration::ZERO,
        }
    }

    pub(super) fn add(&mut self, plan: &Plan, verdict: &Verdict) {
        let row = self.rows.entry(plan.trouble).or_insert(Row::NOTHING);
        row.runs += 1;
        let (worst, overruns) = match plan.is_loaded {
            true => (&mut row.worst_loaded, &mut self.loaded),
            false => (&mut row.worst_free, &mut self.free),
        };
        *worst = verdict.overrun.max(*worst);
        overruns.add(verdict.overrun);
        let has = |wanted: fn(Wrong) -> bool| {
            u64::from(verdict.complaints.iter().any(|(wrong, _)| wanted(*wrong)))
        };
        row.not_named += has(is_naming);
        row.wrong_codes += has(is_code);
        row.otherwise_wrong +=
            has(|wrong| wrong == Wrong::NotUp || !(is_naming(wrong) || is_code(wrong)));
    }

    /// How many runs there were.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.rows.values().map(|row| row.runs).sum()
    }

    /// In how many nobody was left unnamed who was to be named.
    #[must_use]
    pub fn named(&self) -> u64 {
        self.rows.values().map(|row| row.runs - row.not_named).sum()
    }

    /// In how many the exit code was right.
    #[must_use]
    pub fn exit_codes_right(&self) -> u64 {
        let rows = self.rows.values();
        rows.map(|row| row.runs - row.wrong_codes).sum()
    }

    /// Whether there were runs, nothing was wrong, and they were in time.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.runs() > 0
            && self.complaints.is_empty()
            && self.free.p999() <= self.bars.free
            && self.loaded.p999() <= self.bars.loaded
    }

    /// A line for each trouble.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = format!(
            "{:<34} {:>5}  {:>12}  {:>14}  {:>9}  {:>10}  {:>11}\n",
            "trouble",
            "runs",
            "overrun free",
            "overrun loaded",
            "not named",
            "wrong code",
            "other wrong"
        );
        for (trouble, row) in &self.rows {
            // Writing to a string can't fail.
            let _ = writeln!(
                table,
                "{trouble:<34} {:>5}  {:>9.1} ms  {:>11.1} ms  {:>9}  {:>10}  {:>11}",
                row.runs,
                millis(row.worst_free),
                millis(row.worst_loaded),
                row.not_named,
                row.wrong_codes,
                row.otherwise_wrong
            );
        }
        table
    }

    /// The last line: a JSON object.
    #[must_use]
    pub fn summary(&self) -> String {
        format!(
            "{{\"runs\":{},\"overrun_p999_ms\":{:.3},\"named\":{},\"exit_codes_right\":{},\
             \"loaded_overrun_p999_ms\":{:.3},\"runs_with_a_core_free\":{},\"runs_loaded\":{},\
             \"complaints\":{},\"seed\":{},\"seconds\":{:.0},\"passed\":{}}}",
            self.runs(),
            millis(self.free.p999()),
            self.named(),
            self.exit_codes_right(),
            millis(self.loaded.p999()),
            self.free.runs(),
            self.loaded.runs(),
            self.complaints.len(),
            self.seed,
            self.took.as_secs_f64(),
            self.passed()
        )
    }
}

/// A run that says nothing of it counts as wrong in it, too.
fn is_naming(wrong: Wrong) -> bool {
    matches!(wrong, Wrong::NotNamed | Wrong::NotUp | Wrong::Overstayed)
}

fn is_code(wrong: Wrong) -> bool {
    matches!(wrong, Wrong::ExitCode | Wrong::NotUp | Wrong::Overstayed)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
