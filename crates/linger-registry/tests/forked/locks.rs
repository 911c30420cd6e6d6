//! A fork at any moment: whoever had a lock then is not there to give it back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use linger_registry::{OpenError, Registry, zmq};

use crate::alone;
use crate::child::{Side, end, split};
use crate::support::{ample, pair};

/// Each has a fair chance to find a lock held, or several threads waiting for it.
const FORKS: usize = 60;

#[test]
fn a_child_waits_for_no_lock_that_a_thread_of_the_parent_had() {
    let _alone = alone();
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let over = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..4)
        .map(|number| {
            let (registry, over) = (registry.clone(), Arc::clone(&over));
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let group = format!("group {number}");
                    let socket = registry.socket(zmq::PAIR).group(&group).open();
                    for _ in 0..200 {
                        assert!(registry.snapshot().len() >= 2);
                        let _ = registry.group(&group);
                        registry.close_order(["default"]);
                    }
                    drop(socket);
                }
            })
        })
        .collect();
    for _ in 0..FORKS {
        match split() {
            Side::Parent(child) => child.ends_well(),
            Side::Child(_) => end(move || {
                registry.close_order(["default"]);
                registry.group("default").stop();
                registry.stop("default");
                let refused = registry.socket(zmq::PAIR).open();
                assert!(matches!(refused, Err(OpenError::Forked { .. })));
                // On another thread than the one that used it last.
                thread::spawn(move || {
                    push.group().stop();
                    drop((push.endpoints(), push.peers(), format!("{push:?}")));
                    drop(push);
                })
                .join()
                .unwrap();
                drop(pull);
                let report = registry.close_by(ample());
                assert!(report.is_same(&registry.close_by(ample())));
                assert!(registry.snapshot().len() <= report.sockets().len());
                drop((format!("{registry:?}"), registry));
            }),
        }
    }
    over.store(true, Ordering::Relaxed);
    for thread in busy {
        thread.join().unwrap();
    }
    drop((push, pull));
    assert!(registry.close_by(ample()).is_clean());
}
