//! Any future as a trigger.

use std::future::pending;
use std::sync::mpsc::channel;

use crate::common::{LONG, Told, runtime, started, wait_until};
use linger_coordinator::tokio_util::sync::CancellationToken;
use linger_coordinator::{Phase, Reason, RegisterError};

#[test]
fn a_foreign_token_triggers_with_its_reason() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let stop = started(LONG);
    let (one, other) = (CancellationToken::new(), CancellationToken::new());
    for (token, text) in [(&one, "lease lost"), (&other, "disk full")] {
        let cancelled = token.clone().cancelled_owned();
        stop.trigger_on(cancelled, Reason::custom(text)).unwrap();
    }
    assert!(!stop.is_triggered());
    other.cancel();
    let report = stop.wait_blocking();
    assert_eq!(*report.reason(), Reason::custom("disk full"));
    assert!(report.later_reasons().is_empty() && report.is_clean());
    assert!(!one.is_cancelled(), "what was taken in is not touched");
}

#[test]
fn a_future_that_has_ended_already_triggers_at_once() {
    let runtime = runtime();
    let stop = runtime.block_on(async { started(LONG) });
    stop.trigger_on(async { Err::<(), _>("whatever") }, Reason::Request)
        .unwrap();
    assert_eq!(*stop.wait_blocking().reason(), Reason::Request);
}

#[test]
fn a_shutdown_that_begins_otherwise_drops_the_future() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let stop = started(LONG);
    let (told, dropped) = channel();
    let told = Told(told);
    stop.trigger_on(
        async move {
            let _told = told;
            pending::<()>().await;
        },
        Reason::Signal(15),
    )
    .unwrap();
    let member = stop.register("member").phase(Phase::WORK).unwrap();
    stop.shutdown();
    dropped.recv_timeout(LONG).unwrap();
    drop(member);
    let report = stop.wait_blocking();
    assert_eq!(*report.reason(), Reason::Request);
    assert!(report.later_reasons().is_empty(), "{report}");
    // So does one that is over, and it is never polled.
    let (told, dropped) = channel();
    let told = Told(told);
    let never = async move {
        let _told = told;
        panic!("polled");
    };
    stop.trigger_on(never, Reason::Request).unwrap();
    dropped.recv_timeout(LONG).unwrap();
    assert_eq!(stop.report().unwrap().later_reasons(), []);
}

#[test]
fn it_is_no_handle_of_the_coordinator() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let stop = started(LONG);
    let member = stop.register("member").phase(Phase::WORK).unwrap();
    stop.trigger_on(pending::<()>(), Reason::Request).unwrap();
    drop(stop);
    assert!(member.wait_until(std::time::Instant::now() + LONG));
}

#[test]
fn a_panic_triggers_as_a_panic_and_names_its_line() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let stop = started(LONG);
    let line = line!() + 1;
    stop.trigger_on(async { panic!("out of luck") }, Reason::Request)
        .unwrap();
    let report = stop.wait_blocking();
    let name = format!("trigger_on at {}:{line}", file!());
    let text = "out of luck".to_owned();
    assert_eq!(*report.reason(), Reason::MemberPanicked { name, text });
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn the_shutdown_begins_before_the_output_is_dropped() {
    struct Looks(CancellationToken);
    impl Drop for Looks {
        fn drop(&mut self) {
            wait_until("cancelled", || self.0.is_cancelled());
        }
    }
    let runtime = runtime();
    let _entered = runtime.enter();
    let stop = started(LONG);
    let (token, looks) = (stop.token(), Looks(stop.token()));
    stop.trigger_on(async move { looks }, Reason::Request)
        .unwrap();
    wait_until("cancelled", || token.is_cancelled());
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn a_runtime_that_goes_away_triggers_nothing() {
    let stop = started(LONG);
    let runtime = runtime();
    let (told, dropped) = channel();
    let told = Told(told);
    {
        let _entered = runtime.enter();
        let until_dropped = async move {
            let _told = told;
            pending::<()>().await;
        };
        stop.trigger_on(until_dropped, Reason::Request).unwrap();
    }
    drop(runtime);
    dropped.recv_timeout(LONG).unwrap();
    assert!(!stop.is_triggered());
}

#[test]
fn it_needs_a_runtime() {
    let stop = started(LONG);
    let refused = stop.trigger_on(async {}, Reason::Request);
    assert!(matches!(refused, Err(RegisterError::NoRuntime { name }) if name == "trigger_on"));
    assert!(!stop.is_triggered());
}
