//! All experiments, one a file, and the roles of their child processes.

mod clone_after_destroy;
mod close_returns_at_once;
mod closed_as_peer_goes;
mod conflate;
mod credit_late;
mod curve;
mod dealer_deals_in_turn;
mod dealer_successor;
mod descriptor_edge;
mod drop_on_async_worker;
mod emptied_not_delivered;
mod end_is_seen;
mod exit_before_term;
mod fork_child;
mod heartbeats;
mod immediate;
mod inproc_at_term;
mod interrupted;
mod linger_default;
mod linger_late;
mod monitor_limit;
mod no_receipt;
mod one_message_per_edge;
mod peer_lost_in_linger;
mod plain_and_zap;
mod private_topic_last;
mod pub_high_water;
mod router_fixed_id;
mod router_mandatory;
mod rst_loss;
mod second_monitor;
mod signal_late;
mod slow_joiner;
mod subscriptions_dropped;
mod tail_loss;
mod term_with_open_socket;
mod token_clone;
mod xpub_unbounded;

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
    closed_as_peer_goes::EXPERIMENT,
    inproc_at_term::EXPERIMENT,
    credit_late::EXPERIMENT,
    curve::EXPERIMENT,
    dealer_deals_in_turn::EXPERIMENT,
    dealer_successor::EXPERIMENT,
    descriptor_edge::EXPERIMENT,
    one_message_per_edge::EXPERIMENT,
    pub_high_water::EXPERIMENT,
    router_fixed_id::EXPERIMENT,
    router_mandatory::EXPERIMENT,
    second_monitor::EXPERIMENT,
    subscriptions_dropped::EXPERIMENT,
    conflate::EXPERIMENT,
    heartbeats::EXPERIMENT,
    immediate::EXPERIMENT,
    linger_late::EXPERIMENT,
    private_topic_last::EXPERIMENT,
    signal_late::EXPERIMENT,
    slow_joiner::EXPERIMENT,
    token_clone::EXPERIMENT,
    xpub_unbounded::EXPERIMENT,
    emptied_not_delivered::EXPERIMENT,
    fork_child::EXPERIMENT,
    plain_and_zap::EXPERIMENT,
];

/// What needs a process of its own.
pub(crate) const ROLES: &[Role] = &[
    clone_after_destroy::ROLE,
    exit_before_term::ROLE,
    interrupted::ROLE,
    monitor_limit::ROLE,
    no_receipt::ROLE,
    dealer_successor::ROLE,
    signal_late::ROLE,
    xpub_unbounded::ROLE,
    fork_child::ROLE,
];
