//! All experiments, one a file, and the roles of their child processes.

mod end_is_seen;
mod exit_before_term;
mod linger_default;

use super::experiment::Experiment;
use super::role::Role;

/// In the order of a run.
pub(crate) const ALL: &[Experiment] = &[
    linger_default::EXPERIMENT,
    exit_before_term::EXPERIMENT,
    end_is_seen::EXPERIMENT,
];

/// What needs a process of its own.
pub(crate) const ROLES: &[Role] = &[exit_before_term::ROLE];
