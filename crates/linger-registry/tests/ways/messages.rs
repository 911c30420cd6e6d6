//! A thread in `messages()`.

use std::sync::mpsc;
use std::thread;

use crate::close::wakes_at_once;
use crate::owner::asleep;
use crate::support::{ample, pair};
use linger_registry::{Registry, zmq};

#[test]
fn it_is_woken_by_the_stop() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send("one", 0).unwrap();
    drop(push);
    let (seen, first) = mpsc::channel();
    let owner = asleep("reader", move || {
        for message in pull.messages() {
            seen.send(message.unwrap().to_vec()).unwrap();
        }
    });
    assert_eq!(first.recv().unwrap(), b"one");
    let ((), report) = wakes_at_once(&registry, owner);
    assert!(report.is_clean(), "{report}");
    let pull = report.socket("pull").unwrap();
    assert_eq!(pull.info().last_thread(), "reader");
}

#[test]
fn it_passes_on_what_it_accepted_before_it_lets_go() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let results = registry.socket(zmq::PUSH).name("results").open().unwrap();
    results.bind("tcp://127.0.0.1:*").unwrap();
    // Another process, as far as the registry can tell.
    let context = zmq::Context::new();
    let reader = context.socket(zmq::PULL).unwrap();
    reader.connect(&results.last_endpoint().unwrap()).unwrap();
    for number in 0..1_000_u32 {
        push.send(&number.to_be_bytes()[..], 0).unwrap();
    }
    while pull.poll(zmq::POLLIN, 10_000).unwrap() == 0 {}
    registry.stop("default");
    let owner = thread::spawn(move || {
        assert_eq!(pull.messages().count(), 0);
        let mut accepted = 0_u32;
        for job in pull.queued() {
            results.send_past_stop_by(&*job.unwrap(), ample()).unwrap();
            accepted += 1;
        }
        drop((push, pull, results));
        for number in 0..accepted {
            assert_eq!(reader.recv_bytes(0).unwrap(), number.to_be_bytes());
        }
        accepted
    });
    let (accepted, report) = wakes_at_once(&registry, owner);
    assert!(accepted > 0 && accepted <= 1_000);
    assert!(report.is_clean(), "{report}");
}
