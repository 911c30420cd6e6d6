//! The lab: what is said of libzmq, put to the libzmq that is linked.
//!
//! Each experiment makes a claim about how sockets end, shows it with plain `zmq`
//! calls, and then shows what becomes of it through the crates of this workspace. What it says is
//! computed from what it measured; an experiment that did not show its claim, or whose cure did not
//! cure, does not hold.
//!
//! | module | what it is |
//! |---|---|
//! | `experiment` | a claim, what is often said, and what was found |
//! | `experiments` | all of them, one a file |
//! | `conditions` | the size, the program for child processes, the version of libzmq |
//! | `role` | what runs in a process of its own |
//! | `bounded` | calls that may never return |
//! | `wire` | plain sockets that hear each other |
//! | `detour` | a relay in front of an endpoint, to cut or stall |
//! | `trap` | what the registry says of an option |
//! | `stranger` | a peer that speaks ZMTP by hand |
//! | `acked` | publishers whose members acknowledge what they processed |
//! | `results`, `table` | all findings, as JSON and as a table |
//!
//! Every call that may block for ever has a thread or a process of its own, and a limit.

mod acked;
mod bounded;
mod conditions;
mod detour;
mod error;
mod experiment;
mod experiments;
mod results;
mod role;
mod stranger;
mod table;
mod trap;
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bounded::Call;
use conditions::Lab;
pub use conditions::{Conditions, Size};
pub use error::LabError;
use experiment::Experiment;
pub use results::{Entry, Results};
pub use role::play;

/// After this an experiment is given up; it should take a tenth of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the experiments whose name contains `filter`, one after the other.
///
/// `tell` hears each name before its run, and how it came out after it. An experiment that can't be
/// carried out, panics or does not end does not hold, and says why.
///
/// # Errors
///
/// [`LabError`] where the linked libzmq can't be told.
pub fn run(
    conditions: Conditions,
    filter: &str,
    mut tell: impl FnMut(&str),
) -> Result<Results, LabError> {
    let lab = Arc::new(Lab::new(conditions)?);
    let mut results = Results::of(&lab);
    for experiment in experiments::ALL
        .iter()
        .filter(|it| it.name.contains(filter))
    {
        let begun = Instant::now();
        let entry = carry_out(*experiment, &lab);
        let verdict = if entry.holds {
            "holds"
        } else {
            "DOES NOT HOLD"
        };
        let took = begun.elapsed().as_secs_f64();
        tell(&format!("{:<24} {took:>5.1} s  {verdict}", experiment.name));
        results.experiments.push(entry);
    }
    Ok(results)
}

fn carry_out(experiment: Experiment, lab: &Arc<Lab>) -> Entry {
    let lab = Arc::clone(lab);
    let call = Call::start(experiment.name, move || (experiment.run)(&lab));
    let found = call.map_err(LabError::from).and_then(|call| {
        let ended = call.within(PATIENCE)?;
        ended.map_or(Err(LabError::Endless(PATIENCE)), |(found, _)| found)
    });
    match found {
        Ok(finding) => Entry::new(&experiment, finding),
        Err(error) => Entry::failed(&experiment, &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_experiment_has_a_name_of_its_own_and_says_what_it_is_about() {
        let mut names = BTreeSet::new();
        for experiment in experiments::ALL {
            let name = experiment.name;
            assert!(names.insert(name), "{name} twice");
            let is_plain = |letter: char| letter.is_ascii_lowercase() || letter == '_';
            assert!(name.chars().all(is_plain), "{name}");
            assert!(
                !experiment.claim.is_empty() && !experiment.folklore.is_empty(),
                "{name}"
            );
        }
        let roles: BTreeSet<_> = experiments::ROLES.iter().map(|role| role.name).collect();
        assert_eq!(roles.len(), experiments::ROLES.len());
    }

    fn outcome(run: experiment::Run) -> Entry {
        let experiment = Experiment {
            name: "some",
            claim: "a claim",
            folklore: "a saying",
            run,
        };
        let conditions = Conditions::new(Size::Quick, "/no/such/program".into());
        carry_out(experiment, &Arc::new(Lab::new(conditions).unwrap()))
    }

    #[test]
    fn what_could_not_be_carried_out_does_not_hold_and_says_why() {
        let refused = outcome(|lab| Err(lab.spawn("nobody", &[]).unwrap_err()));
        assert!(!refused.holds);
        assert!(refused.raw.contains("nobody"), "{}", refused.raw);
        let panicked = outcome(|_| panic!("on purpose"));
        assert!(!panicked.holds);
        assert!(panicked.raw.contains("panicked"), "{}", panicked.raw);
    }
}
