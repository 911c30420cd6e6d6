//! In the child: nothing is opened, closed or ended, and everything says so at once.

use std::fs;
use std::mem;
use std::process;
use std::time::{Duration, Instant};

use linger_registry::{
    BindError, ConnectError, ContextError, ContextOutcome, OpenError, Outcome, Registry,
    RegistryState, SocketState, zmq,
};

use crate::alone;
use crate::child::{Side, end, split};
use crate::support::{ample, eventually, pair};

/// Nothing that a child does here may take so long.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn it_refuses_what_it_would_open_and_names_the_process_that_made_it() {
    let _alone = alone();
    let registry = Registry::shared();
    let (push, pull) = pair(&registry);
    let mother = process::id();
    match split() {
        Side::Parent(child) => {
            child.ends_well();
            drop((push, pull));
            assert!(registry.close_by(ample()).is_clean());
        }
        Side::Child(_) => end(move || {
            let refused = registry.socket(zmq::PUSH).name("late").open().unwrap_err();
            assert!(
                matches!(&refused, OpenError::Forked { socket, made_in } if socket == "late" && *made_in == mother),
                "{refused}"
            );
            let refused = registry.context().err().unwrap();
            assert!(matches!(refused, ContextError::Forked { made_in } if made_in == mother));
            assert_eq!(registry.state(), RegistryState::Forked);

            let refused = push.bind("tcp://127.0.0.1:*").unwrap_err();
            assert!(matches!(refused, BindError::Forked { opened_in, .. } if opened_in == mother));
            let refused = push.connect("tcp://127.0.0.1:1").unwrap_err();
            assert!(
                matches!(refused, ConnectError::Forked { opened_in, .. } if opened_in == mother)
            );
            let refused = push.monitor("inproc://monitor", 0);
            assert_eq!(refused, Err(zmq::Error::ETERM));
            mem::forget(push.into_zmq());

            assert!(registry.group("default").is_stopped());
            assert!(!pull.group().is_stopped(), "that is the parent's");
        }),
    }
}

#[test]
fn what_it_does_not_adopt_is_given_back() {
    let _alone = alone();
    let registry = Registry::new();
    match split() {
        Side::Parent(child) => child.ends_well(),
        Side::Child(_) => end(move || {
            let context = zmq::Context::new();
            let own = context.socket(zmq::PAIR).unwrap();
            let refused = registry.adopt(own).context(&context).take().unwrap_err();
            assert!(matches!(refused.reason(), OpenError::Forked { .. }));
            let own = refused.into_socket();
            own.bind("inproc://works").unwrap();
        }),
    }
}

/// Waits until the closer thread has nothing to do, and so no lock.
fn the_closer_rests() {
    eventually("the closer thread sleeps", || {
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        let statuses = tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
        statuses
            .filter(|status| status.starts_with("Name:\tlinger-closer\n"))
            .any(|status| status.contains("State:\tS"))
    });
}

#[test]
fn a_close_reports_at_once_what_was_there_at_the_fork() {
    let _alone = alone();
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let mother = process::id();
    the_closer_rests();
    match split() {
        Side::Parent(child) => {
            child.ends_well();
            drop((push, pull));
            let report = registry.close_by(ample());
            assert!(report.is_clean(), "{report}");
        }
        Side::Child(_) => end(move || {
            let began = Instant::now();
            drop(pull);
            let report = registry.close_by(began + Duration::from_secs(3_600));
            assert!(began.elapsed() < AT_ONCE);
            let outcomes: Vec<_> = report
                .sockets()
                .iter()
                .map(|it| (it.name().to_owned(), it.outcome().clone()))
                .collect();
            assert_eq!(
                outcomes,
                [
                    ("pull".to_owned(), Outcome::StillOpen),
                    ("push".to_owned(), Outcome::StillOpen)
                ]
            );
            assert_eq!(
                *report.context(),
                ContextOutcome::Forked { made_in: mother }
            );
            assert!(!report.is_clean());
            assert!(report.is_same(&registry.close_by(began)));
            let text = format!("{registry:?} {report} {push:?}");
            assert!(
                text.contains(&format!("context of process {mother}")),
                "{text}"
            );

            let now = registry.snapshot();
            assert!(now.iter().all(|info| info.state() == SocketState::Open));
            assert_eq!(now.len(), 2);
        }),
    }
}

#[test]
fn a_close_that_had_ended_before_the_fork_is_still_the_one_report() {
    let _alone = alone();
    let registry = Registry::new();
    drop(pair(&registry));
    let report = registry.close_by(ample());
    match split() {
        Side::Parent(child) => child.ends_well(),
        Side::Child(_) => end(move || assert!(registry.close_by(ample()).is_same(&report))),
    }
}

#[test]
fn a_registry_of_its_own_works_in_the_child() {
    let _alone = alone();
    let inherited = Registry::new();
    let held = pair(&inherited);
    match split() {
        Side::Parent(child) => child.ends_well(),
        Side::Child(_) => end(move || {
            drop((inherited, held));
            let registry = Registry::new();
            let (push, pull) = pair(&registry);
            push.send_by("in the child", ample()).unwrap();
            assert_eq!(&*pull.recv_by(ample()).unwrap(), b"in the child");
            drop((push, pull));
            let report = registry.close_by(ample());
            assert!(report.is_clean(), "{report}");
        }),
    }
}
