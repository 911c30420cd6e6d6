//! What a member can do and learn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::LONG;
use linger_coordinator::{Coordinator, Outcome, Phase, Phases, Reason, RegisterError};

fn started(budget: Duration) -> Coordinator {
    Coordinator::builder()
        .phases(Phases::service())
        .budget(budget)
        .start()
        .unwrap()
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn the_last_note_and_the_line_are_in_the_report() {
    let stop = started(LONG);
    let line = line!() + 1;
    let member = stop.register("drain").phase(Phase::WORK).unwrap();
    member.note("0/3 acked");
    member.note(format_args!("2/3 acked, {} outstanding", 1204));
    assert_eq!((member.name(), member.phase()), ("drain", Phase::WORK));
    stop.shutdown();
    member.wait();
    drop(member);
    let report = stop.wait_blocking();
    let drain = report.member("drain").unwrap();
    assert_eq!(drain.note(), Some("2/3 acked, 1204 outstanding"));
    assert_eq!(drain.origin().to_string(), format!("{}:{line}", file!()));
    assert!(drain.took() <= drain.cap());
    assert!(
        report
            .to_string()
            .contains("\"2/3 acked, 1204 outstanding\""),
        "{report}"
    );
}

#[test]
fn a_wait_has_a_limit_and_leaves_nothing_behind() {
    let stop = started(LONG);
    let member = stop.register("waits").phase(Phase::WORK).unwrap();
    let since = Instant::now();
    assert!(!member.wait_until(since + Duration::from_millis(20)));
    assert!(since.elapsed() >= Duration::from_millis(20));
    assert!(!member.wait_until(since), "a limit that is over");

    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut context = Context::from_waker(&waker);
    for _ in 0..3 {
        let mut dropped = Box::pin(member.triggered());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
    }
    // Each future held one clone of the waker, and its drop took it away.
    assert_eq!(Arc::strong_count(&count), 2);
    let mut waits = Box::pin(member.triggered());
    let mut too = Box::pin(member.triggered());
    assert!(waits.as_mut().poll(&mut context).is_pending());
    assert!(too.as_mut().poll(&mut context).is_pending());
    stop.shutdown();
    member.wait();
    // The engine takes both wakers at once, and wakes them one after the other.
    let until = Instant::now() + LONG;
    while count.0.load(Ordering::SeqCst) < 2 && Instant::now() < until {
        thread::yield_now();
    }
    assert_eq!(
        count.0.load(Ordering::SeqCst),
        2,
        "those that wait are woken, once each"
    );
    assert_eq!(waits.as_mut().poll(&mut context), Poll::Ready(()));
    drop((waits, too));
    drop(member);
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn a_wait_for_the_report_can_be_dropped_and_made_again() {
    let stop = started(LONG);
    let member = stop.register("held").phase(Phase::WORK).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    stop.shutdown();
    {
        let mut dropped = Box::pin(stop.wait());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
    }
    let mut again = Box::pin(stop.wait());
    assert!(again.as_mut().poll(&mut context).is_pending());
    drop(member);
    let report = stop.wait_blocking();
    match again.as_mut().poll(&mut context) {
        Poll::Ready(same) => assert_eq!(same.to_string(), report.to_string()),
        Poll::Pending => panic!("the report is there"),
    }
}

#[test]
fn the_deadline_is_known_and_within_the_budget() {
    let budget = Duration::from_secs(10);
    let phases = Phases::new()
        .then(Phase::WORK.cap(Duration::from_secs(8)))
        .then(Phase::TELEMETRY.reserve(Duration::from_secs(4)));
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(budget)
        .start()
        .unwrap();
    let member = stop.register("asks").phase(Phase::WORK).unwrap();
    assert_eq!(member.deadline(), None);
    let before = Instant::now();
    stop.shutdown();
    let after = Instant::now();
    member.wait();
    let deadline = member.deadline().unwrap();
    let grace = Duration::from_millis(200);
    assert!(
        deadline >= before + Duration::from_secs(6) - grace,
        "cap or reserve: {deadline:?}"
    );
    assert!(deadline <= after + Duration::from_secs(6) - grace);
    // A second signal brings it forward.
    stop.trigger(Reason::Signal(2));
    stop.trigger(Reason::Signal(15));
    drop(member);
    let _ = stop.wait_blocking();
}

#[test]
fn only_critical_members_stop_the_service_by_their_end() {
    let stop = started(LONG);
    drop(stop.register("comes and goes").phase(Phase::WORK).unwrap());
    stop.register("fails")
        .phase(Phase::WORK)
        .unwrap()
        .fail("but nobody minds");
    let name = "comes and goes";
    drop(
        stop.register(name)
            .phase(Phase::WORK)
            .expect("a name is free again"),
    );
    assert!(!stop.is_triggered());
    drop(stop.register("core").critical().phase(Phase::WORK).unwrap());
    assert!(stop.is_triggered());
    let report = stop.wait_blocking();
    assert_eq!(
        *report.reason(),
        Reason::MemberEnded {
            name: "core".into()
        }
    );
    assert_eq!(
        report.members().count(),
        0,
        "they were gone before: {report}"
    );
    assert_eq!(report.phases()[2].failed_before()[0].name(), "fails");
    assert!(report.is_clean());
}

#[test]
fn a_member_kept_after_its_closure_still_counts() {
    let stop = started(LONG);
    let (kept, members) = channel();
    stop.spawn_blocking("hands it on", Phase::WORK, move |member| {
        Ok(kept.send(member)?)
    })
    .unwrap();
    let member = members.recv_timeout(LONG).unwrap();
    stop.shutdown();
    assert!(member.wait_until(Instant::now() + LONG));
    assert!(stop.report().is_none(), "the phase waits for the member");
    drop(member);
    let report = stop.wait_blocking();
    assert_eq!(
        *report.member("hands it on").unwrap().outcome(),
        Outcome::Done
    );
}

#[test]
fn registration_against_trigger_loses_nobody_and_hangs_nobody() {
    for _ in 0..40 {
        let stop = started(LONG);
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let stop = stop.clone();
                thread::spawn(move || {
                    let mut members = Vec::new();
                    loop {
                        let number = members.len();
                        match stop
                            .register(format!("{thread}/{number}"))
                            .phase(Phase::READINESS)
                        {
                            Ok(member) => members.push(member),
                            Err(RegisterError::PhaseBegun { .. }) => break,
                            Err(other) => panic!("{other}"),
                        }
                        if number == 10 {
                            stop.shutdown();
                        }
                    }
                    members.iter().for_each(|member| member.wait());
                    members.len()
                })
            })
            .collect();
        let taken: usize = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum();
        let report = stop.wait_blocking();
        assert!(report.is_clean(), "{report}");
        assert_eq!(report.members().count(), taken);
    }
}

#[test]
fn a_child_is_listed_with_its_parent_and_outlives_it() {
    let stop = started(LONG);
    let server = stop.register("http").phase(Phase::WORK).unwrap();
    let line = line!() + 1;
    let connection = server.child(7).unwrap();
    assert_eq!(connection.name(), "http/7");
    assert_eq!(connection.phase(), Phase::WORK);
    stop.shutdown();
    connection.wait();
    drop(server);
    drop(connection);
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    let child = report.member("http/7").unwrap();
    assert_eq!(child.origin().line(), line);
    assert!(child.origin().file().ends_with("members.rs"));
}
