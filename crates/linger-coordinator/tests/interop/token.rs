//! The token for the whole shutdown.

use crate::common::{LONG, blocked_runtime, started, wait_until};
use linger_coordinator::Phase;

#[test]
fn it_is_cancelled_before_the_first_phase_begins() {
    let stop = started(LONG);
    let token = stop.token();
    let first = stop.register("first").phase(Phase::READINESS).unwrap();
    assert!(!token.is_cancelled());
    stop.shutdown();
    first.wait();
    assert!(token.is_cancelled());
    // And so is one that is taken late.
    assert!(stop.token().is_cancelled());
    drop(first);
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn it_is_cancelled_with_the_runtime_blocked() {
    let (runtime, blocked) = blocked_runtime();
    let stop = runtime.block_on(async { started(LONG) });
    let token = stop.token();
    let _entered = runtime.enter();
    stop.shutdown();
    wait_until("cancelled", || token.is_cancelled());
    drop(blocked);
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn cancelling_what_was_handed_out_reaches_nobody_else() {
    let stop = started(LONG);
    let (mine, other) = (stop.token(), stop.token());
    let member = stop.register("member").phase(Phase::WORK).unwrap();
    let (clone, child) = (mine.clone(), mine.child_token());
    mine.cancel();
    assert!(clone.is_cancelled() && child.is_cancelled());
    assert!(!other.is_cancelled() && !stop.token().is_cancelled());
    assert!(!member.token().is_cancelled() && !stop.is_triggered());
    drop(stop);
    wait_until("cancelled", || other.is_cancelled());
}

#[test]
fn the_drop_of_the_last_handle_cancels_it() {
    let stop = started(LONG);
    let token = stop.token();
    drop(stop.clone());
    assert!(!token.is_cancelled());
    drop(stop);
    wait_until("cancelled", || token.is_cancelled());
}
