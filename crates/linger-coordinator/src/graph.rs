//! The order of the phases: who begins after whom.

use crate::builder::BuildError;
use crate::phase::Phase;
use crate::phases::PhaseSpec;

/// An order in which each phase stands behind all that it begins after.
///
/// Numbers are places in `specs`; phases that could change places stay as they were listed.
pub(crate) fn order(specs: &[PhaseSpec]) -> Result<Vec<usize>, BuildError> {
    let after = specs.iter().map(|spec| places(specs, spec));
    let after: Vec<Vec<usize>> = after.collect::<Result<_, _>>()?;
    let mut order: Vec<usize> = Vec::with_capacity(specs.len());
    while order.len() < specs.len() {
        let is_next = |at: &usize| {
            !order.contains(at) && after[*at].iter().all(|earlier| order.contains(earlier))
        };
        match (0..specs.len()).find(is_next) {
            Some(next) => order.push(next),
            None => return Err(cycle(specs, &after, &order)),
        }
    }
    Ok(order)
}

/// Where the phases are that this one begins after.
pub(crate) fn places(specs: &[PhaseSpec], spec: &PhaseSpec) -> Result<Vec<usize>, BuildError> {
    let place = |&phase: &Phase| {
        let found = specs.iter().position(|other| other.phase == phase);
        found.ok_or(BuildError::UnknownPhase { phase })
    };
    spec.after.iter().flatten().map(place).collect()
}

/// Of those that have no place in the order, each waits for another one: so this comes round.
fn cycle(specs: &[PhaseSpec], after: &[Vec<usize>], placed: &[usize]) -> BuildError {
    let stuck = |at: &usize| !placed.contains(at);
    let mut way: Vec<usize> = (0..specs.len()).find(stuck).into_iter().collect();
    while let Some(&last) = way.last() {
        let Some(next) = after[last].iter().copied().find(stuck) else {
            break;
        };
        if let Some(first) = way.iter().position(|&at| at == next) {
            way.drain(..first);
            way.push(next);
            break;
        }
        way.push(next);
    }
    BuildError::Cycle {
        phases: way.into_iter().map(|at| specs[at].phase).collect(),
    }
}
