//! Many runs: a line for each, and how many lost nothing.

use super::{Outcome, grouped, milliseconds};
use crate::ways::Way;

/// Counts the runs of each way.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    ways: Vec<Tally>,
}

#[derive(Debug)]
struct Tally {
    way: Way,
    runs: u32,
    lost_nothing: u32,
    longest_stop_ms: u64,
}

impl Summary {
    /// Counts an outcome, and gives the line for it.
    pub(crate) fn add(&mut self, run: u32, runs: u32, outcome: &Outcome) -> String {
        let known = self.ways.iter().position(|tally| tally.way == outcome.way);
        let at = known.unwrap_or_else(|| {
            let tally = Tally {
                way: outcome.way,
                runs: 0,
                lost_nothing: 0,
                longest_stop_ms: 0,
            };
            self.ways.push(tally);
            self.ways.len() - 1
        });
        let stop_ms = milliseconds(outcome.stop);
        let tally = &mut self.ways[at];
        tally.runs += 1;
        tally.lost_nothing += u32::from(outcome.lost_nothing());
        tally.longest_stop_ms = tally.longest_stop_ms.max(stop_ms);

        let shares: Vec<String> = outcome.subscribers.iter().map(share).collect();
        format!(
            "run {run} of {runs}: {}: accepted {}, lost {}; stopped in {} ms; knew {}",
            outcome.way,
            grouped(outcome.accepted),
            shares.join(", "),
            grouped(stop_ms),
            outcome.known.knew,
        )
    }

    /// A line for each way.
    pub(crate) fn closing(&self) -> String {
        let line = |tally: &Tally| {
            format!(
                "{}: {} of {} runs lost 0; the longest stop took {} ms\n",
                tally.way,
                tally.lost_nothing,
                tally.runs,
                grouped(tally.longest_stop_ms),
            )
        };
        self.ways.iter().map(line).collect()
    }
}

fn share(share: &super::Share) -> String {
    let killed = if share.killed { " (killed)" } else { "" };
    format!("{} {}{killed}", share.name, grouped(share.loss.lost()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn runs_are_counted_by_way() {
        let mut summary = Summary::default();
        let lossy = example();
        let mut clean = example();
        clean.subscribers.pop();
        assert_eq!(
            summary.add(1, 2, &lossy),
            "run 1 of 2: exit: accepted 50,123, lost fast 0, relayed 2,123; stopped in 12 ms; \
             knew nothing"
        );
        summary.add(2, 2, &clean);
        assert_eq!(
            summary.closing(),
            "exit: 1 of 2 runs lost 0; the longest stop took 12 ms\n"
        );
    }
}
