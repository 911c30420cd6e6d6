//! All experiments, one a file, and the roles of their child processes.

mod clone_after_destroy;
mod close_returns_at_once;
mod drop_on_async_worker;
mod end_is_seen;
mod exit_before_term;
mod inproc_at_term;
mod interrupted;
mod linger_default;
mod monitor_limit;
mod no_receipt;
mod peer_lost_in_linger;
mod rst_loss;
mod tail_loss;
mod term_with_open_socket;

use super::experiment::Experiment;
use super::role::Role;

/// In the order of a run.
pub(crate) const ALL: &[Experiment] = &[
    linger_default::EXPERIMENT,
    close_returns_at_once::EXPERIMENT,
    drop_on_async_worker::EXPERIMENT,
    exit_before_term::EXPERIMENT,
    no_receipt::EXPERIMENT,
    term_with_open_socket::EXPERIMENT,
    interrupted::EXPERIMENT,
    clone_after_destroy::EXPERIMENT,
    end_is_seen::EXPERIMENT,
    monitor_limit::EXPERIMENT,
    rst_loss::EXPERIMENT,
    tail_loss::EXPERIMENT,
    peer_lost_in_linger::EXPERIMENT,
    inproc_at_term::EXPERIMENT,
];

/// What needs a process of its own.
pub(crate) const ROLES: &[Role] = &[
    clone_after_destroy::ROLE,
    exit_before_term::ROLE,
    interrupted::ROLE,
    monitor_limit::ROLE,
    no_receipt::ROLE,
];
