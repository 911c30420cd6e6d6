//! Connections that read nothing, and very many of them.

mod common;

use common::beside::{Beside, bound};
use common::must;
use common::stranger::Stranger;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many connections are very many, unless the environment says.
const CROWD: u64 = 400;

/// What libzmq needs for a connection that nothing waits for, in bytes.
const CONNECTION: u64 = 64 << 10;

#[test]
fn subs_that_read_nothing_cost_a_queue_each_and_hold_nobody_up() {
    let beside = Beside::a_stream();
    let mut strangers = Vec::new();
    for _ in 0..6 {
        let mut stranger = Stranger::greeted(&beside.publisher.data, "SUB");
        stranger.frame(0, &[1]);
        strangers.push(stranger);
        // What each has in its queue is not what the others have.
        beside.goes_on();
        beside.goes_on();
    }
    beside.drains(bound(6));
    drop(strangers);
}

/// `cargo xtask integration crowd` has 10,000 come.
#[test]
fn a_crowd_of_connections_costs_a_bounded_sum_and_holds_nobody_up() {
    let count = std::env::var("LINGER_CONNECTIONS");
    let count = count.map_or(CROWD, |count| must(count.parse()));
    // For this process, and for the publisher, which inherits it.
    allow_descriptors(count + 200);
    let beside = Beside::a_stream();
    let (data, control) = (&beside.publisher.data, &beside.publisher.control);
    let mut crowd = Vec::new();
    for at in 0..count {
        crowd.push(match at % 4 {
            0 => Stranger::connect(data),
            1 => Stranger::connect(control),
            2 => Stranger::greeted(data, "SUB"),
            _ => Stranger::greeted(control, "DEALER"),
        });
    }
    beside.goes_on();
    let each = beside.growth() / count;
    println!("{count} connections, and the publisher grew by {each} bytes for each");
    // With thousands to hang up on, the end of its sockets may come too late to be observed, and
    // the service says so; that everything was acknowledged stands.
    let stopped = beside.stop(bound(0) + count * CONNECTION);
    assert_eq!(stopped.report["drained"], true, "{stopped}");
    assert_eq!(stopped.members(), 1, "{stopped}");
    drop(crowd);
}

#[track_caller]
fn allow_descriptors(count: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < count) {
        let current = Some(count);
        let raised = setrlimit(Resource::Nofile, Rlimit { current, maximum });
        assert!(raised.is_ok(), "{count} descriptors: {maximum:?} at most");
    }
}
