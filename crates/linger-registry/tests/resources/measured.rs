//! The figures of the docs. They are those of the bundled libzmq; another may take less.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::time::Duration;

use linger_registry::{Registry, zmq};

use crate::support::{ample, eventually, stuck};
use crate::{descriptors, threads};

/// Checks that `work` takes so many descriptors, or fewer, but any.
#[track_caller]
fn takes<T>(at_most: usize, work: impl FnOnce() -> T) -> T {
    let before = descriptors();
    let done = work();
    let taken = descriptors() - before;
    assert!(taken <= at_most, "{taken} descriptors");
    assert!(taken > 0 || at_most == 0);
    done
}

pub(crate) fn sockets_monitors_and_groups_take_no_more_than_is_documented() {
    let alone_with = threads();
    let registry = takes(0, Registry::new);
    let pull = takes(14, || registry.socket(zmq::PULL).open().unwrap());
    assert_eq!(threads(), alone_with + 3);
    let push = takes(2, || registry.socket(zmq::PUSH).open().unwrap());
    let grouped = takes(4, || {
        registry.socket(zmq::PAIR).group("other").open().unwrap()
    });
    let watched = takes(6, || registry.socket(zmq::PUB).observe().open().unwrap());
    takes(1, || pull.bind("tcp://127.0.0.1:*").unwrap());
    takes(0, || grouped.bind("inproc://grouped").unwrap());
    takes(2, || {
        push.connect(&pull.last_endpoint().unwrap()).unwrap();
        push.send_by("connected on both sides", ample()).unwrap();
        pull.recv_by(ample()).unwrap();
    });
    drop((push, pull, grouped, watched));
    assert!(registry.close_by(ample()).is_clean());
}

pub(crate) fn an_end_that_is_watched_takes_four_more() {
    let registry = Registry::new();
    let first = stuck(&registry, "first", Duration::from_secs(2));
    // It connects in vain, again and again: its own descriptor comes and goes. And a monitor takes
    // two where libzmq has one descriptor a socket.
    let before = descriptors();
    drop(first);
    eventually("its end is watched", || descriptors() > before);
    assert!(descriptors() <= before + 5);
    let _ = registry.close_by(ample());
}

/// The threads that are not in `but`: name, and mask of signals.
fn tasks(but: &HashSet<OsString>) -> Vec<(String, u64)> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let new = tasks.filter(|task| !but.contains(&task.file_name()));
    let statuses = new.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    statuses
        .map(|status| {
            let value = |key| {
                status
                    .lines()
                    .find_map(|line| line.strip_prefix(key))
                    .unwrap()
            };
            let mask = u64::from_str_radix(value("SigBlk:").trim(), 16).unwrap();
            (value("Name:").trim().to_owned(), mask)
        })
        .collect()
}

pub(crate) fn signals_come_to_no_thread_of_libzmq() {
    let here = fs::read_dir("/proc/self/task").unwrap().flatten();
    let here: HashSet<_> = here.map(|task| task.file_name()).collect();
    let registry = Registry::new();
    drop(registry.socket(zmq::PAIR).open().unwrap());
    let sigterm = 1 << (15 - 1);
    eventually(
        "libzmq's two threads block SIGTERM, the closer does not",
        || {
            let mut tasks = tasks(&here);
            tasks.sort_by_key(|(name, _)| name != "linger-closer");
            let blocks: Vec<bool> = tasks.iter().map(|(_, mask)| mask & sigterm != 0).collect();
            tasks.len() == 3 && tasks[0].0 == "linger-closer" && blocks == [false, true, true]
        },
    );
    assert!(registry.close_by(ample()).is_clean());
}
