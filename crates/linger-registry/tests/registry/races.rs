//! Opening, dropping and closing from many threads at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use linger_registry::{ContextOutcome, OpenError, Outcome, Registry, zmq};

use crate::support::{after, ample, eventually, pair};

#[test]
fn every_socket_that_was_opened_stands_once_in_the_report() {
    const THREADS: usize = 8;
    for round in 0..30_usize {
        let registry = Registry::new();
        let started = Arc::new(Barrier::new(THREADS + 1));
        let count = Arc::new(AtomicUsize::new(0));
        let owners: Vec<_> = (0..THREADS)
            .map(|thread| {
                let registry = registry.clone();
                let started = Arc::clone(&started);
                let count = Arc::clone(&count);
                thread::spawn(move || {
                    started.wait();
                    for number in 0..60 {
                        let kind = [zmq::PUSH, zmq::SUB, zmq::ROUTER][number % 3];
                        let name = format!("{thread}.{number}");
                        match registry.socket(kind).name(name).open() {
                            Ok(socket) => {
                                count.fetch_add(1, Ordering::SeqCst);
                                socket.connect("tcp://127.0.0.1:1").unwrap();
                            }
                            Err(OpenError::Closing { .. }) => return,
                            Err(other) => panic!("{other}"),
                        }
                    }
                })
            })
            .collect();
        started.wait();
        // Each round the close begins a little later in the storm.
        eventually("some sockets are open", || {
            count.load(Ordering::SeqCst) >= round * 10
        });
        let report = registry.close_by(ample());
        for owner in owners {
            owner.join().unwrap();
        }
        assert_eq!(
            report.sockets().len(),
            count.load(Ordering::SeqCst),
            "{report}"
        );
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
    }
}

#[test]
fn drops_that_race_with_the_reserve_are_closed_once_and_the_context_ends() {
    for micros in (0..40).map(|step| step * 500) {
        let registry = Registry::new();
        let sockets: Vec<_> = (0..20)
            .map(|_| registry.socket(zmq::DEALER).open().unwrap())
            .collect();
        let limit = Duration::from_micros(micros);
        let deadline = after(limit);
        let stop = registry.group("default");
        let owner = thread::spawn(move || {
            eventually("the group stops", || stop.is_stopped());
            for socket in sockets {
                drop(socket);
                thread::yield_now();
            }
        });
        let report = registry.close_by(deadline);
        owner.join().unwrap();
        assert_eq!(report.sockets().len(), 20);
        eventually("the context ends", || {
            registry.state() == linger_registry::RegistryState::Closed
        });
    }
}

#[test]
fn registries_that_close_side_by_side_leave_each_other_alone() {
    let users: Vec<_> = (0..6)
        .map(|_| {
            thread::spawn(|| {
                for _ in 0..100 {
                    let registry = Registry::new();
                    let (push, pull) = pair(&registry);
                    push.send("mine", 0).unwrap();
                    assert_eq!(pull.recv_bytes(0).unwrap(), b"mine");
                    drop((push, pull));
                    let report = registry.close_by(ample());
                    assert!(report.is_clean(), "{report}");
                }
            })
        })
        .collect();
    for user in users {
        user.join().unwrap();
    }
}
