//! A process that has run out of descriptors.

use std::env;
use std::fs::File;
use std::process::Command;

use linger_registry::{ContextOutcome, OpenError, Outcome, Registry, zmq};

use crate::support::{ample, pair};

const HERE: &str = "LINGER_REGISTRY_FEW_DESCRIPTORS";

/// All descriptors that there are.
fn hoard() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

pub(crate) fn a_socket_for_which_there_is_no_descriptor_is_a_typed_error() {
    // In a process of its own, where descriptors run out soon and nobody else needs one.
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\""])
        .arg(env::current_exe().unwrap())
        .env(HERE, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Whether this is that process.
pub(crate) fn is_here() -> bool {
    env::var_os(HERE).is_some()
}

pub(crate) fn run_out() {
    let none = Registry::new();
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send_by("connected", ample()).unwrap();
    pull.recv_by(ample()).unwrap();

    let mut hoard = hoard();
    assert!(hoard.len() < 64);
    // A socket of the bundled libzmq takes two; others may make do with one (an `eventfd`).
    let too_few = if zmq::has("curve") == Some(true) {
        1
    } else {
        2
    };
    for spare in 0..too_few {
        let refused = registry.socket(zmq::PAIR).open().unwrap_err();
        assert!(
            matches!(refused, OpenError::TooMany { open: 2, .. }),
            "with {spare} to spare: {refused:?}"
        );
        let refused = none.socket(zmq::PAIR).open().unwrap_err();
        assert!(matches!(refused, OpenError::System { .. }), "{refused:?}");
        hoard.pop();
    }
    push.send_by("still works", ample()).unwrap();
    assert_eq!(&*pull.recv_by(ample()).unwrap(), b"still works");

    // No monitor can be had, so nobody sees their ends. But they end, and so does the context.
    drop((push, pull));
    let report = registry.close_by(ample());
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
    assert!(
        report
            .sockets()
            .iter()
            .all(|it| *it.outcome() != Outcome::StillOpen)
    );
    drop(hoard);
    drop(none.socket(zmq::PAIR).open().unwrap());
    assert!(none.close_by(ample()).is_clean());
}
