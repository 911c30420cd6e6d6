//! The same, of a part.

use std::future::pending;
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::common::{LONG, Told, runtime, started, wait_until};
use linger_coordinator::tokio_util::sync::CancellationToken;
use linger_coordinator::tokio_util::task::TaskTracker;
use linger_coordinator::{Outcome, Phase, Reason};

#[test]
fn its_token_is_cancelled_when_it_stops_alone() {
    let stop = started(LONG);
    let (one, other) = (stop.part("one").unwrap(), stop.part("other").unwrap());
    let tokens = (one.token(), other.token(), stop.token());
    one.shutdown();
    wait_until("cancelled", || tokens.0.is_cancelled());
    assert!(one.wait_blocking().is_clean());
    assert!(!tokens.1.is_cancelled() && !tokens.2.is_cancelled());
}

#[test]
fn its_token_is_cancelled_when_the_whole_stops() {
    let stop = started(LONG);
    let part = stop.part("part").unwrap();
    let within = part.part("within").unwrap();
    let tokens = [part.token(), within.token()];
    let first = stop.register("first").phase(Phase::READINESS).unwrap();
    stop.shutdown();
    first.wait();
    assert!(tokens.iter().all(CancellationToken::is_cancelled));
    drop(first);
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn a_future_stops_the_part_alone() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let stop = started(LONG);
    let part = stop.part("tenant").unwrap();
    let quit = CancellationToken::new();
    part.trigger_on(quit.clone().cancelled_owned(), Reason::custom("unpaid"))
        .unwrap();
    quit.cancel();
    assert_eq!(*part.wait_blocking().reason(), Reason::custom("unpaid"));
    assert!(!stop.is_triggered());
}

#[test]
fn the_stop_of_the_whole_drops_its_future() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let stop = started(LONG);
    let part = stop.part("tenant").unwrap();
    let (told, dropped) = channel();
    let told = Told(told);
    let never = async move {
        let _told = told;
        pending::<()>().await;
    };
    part.trigger_on(never, Reason::Request).unwrap();
    stop.shutdown();
    dropped.recv_timeout(LONG).unwrap();
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn the_whole_waits_for_its_tracker_and_counts() {
    let stop = started(Duration::from_secs(1));
    let part = stop.part("tenant").unwrap();
    let (ends, hangs) = (TaskTracker::new(), TaskTracker::new());
    part.track("ends", Phase::INTAKE, ends.clone()).unwrap();
    part.track("hangs", Phase::WORK, hangs.clone()).unwrap();
    let (task, hung) = (ends.token(), hangs.token());
    stop.shutdown();
    wait_until("closed", || ends.is_closed());
    assert!(!hangs.is_closed(), "its phase has not begun");
    drop(task);
    let report = stop.wait_blocking();
    let ends = report.member("tenant/ends").unwrap();
    assert_eq!(*ends.outcome(), Outcome::Done);
    let hangs = report.member("tenant/hangs").unwrap();
    assert_eq!(*hangs.outcome(), Outcome::Abandoned);
    assert_eq!(hangs.note(), Some("1 task left"));
    drop(hung);
}
