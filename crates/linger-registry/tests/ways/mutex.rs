//! A socket behind a mutex, shared by threads.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::close::{is_closed_late, wakes_at_once, wakes_late};
use crate::owner::asleep;
use crate::support::{after, pair};
use linger_registry::{Registry, zmq};

#[test]
fn whoever_waits_is_woken_by_the_stop_and_the_others_in_turn() {
    const THREADS: usize = 4;
    const MESSAGES: usize = 2_000;
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let shared = Arc::new(Mutex::new(pull));
    let received = Arc::new(Mutex::new(0));
    let owners: Vec<_> = (0..THREADS)
        .map(|number| {
            let shared = Arc::clone(&shared);
            let received = Arc::clone(&received);
            asleep(&format!("worker {number}"), move || {
                loop {
                    // The lock is held while it waits: the others wait for the lock.
                    let message = shared.lock().unwrap().recv_until_stopped();
                    match message {
                        Ok(_) => *received.lock().unwrap() += 1,
                        Err(error) => return error.is_stopped(),
                    }
                }
            })
        })
        .collect();
    // The last of those who share it drops it.
    drop(shared);
    for _ in 0..MESSAGES {
        push.send("x", 0).unwrap();
    }
    crate::support::eventually("all have come", || *received.lock().unwrap() == MESSAGES);
    drop(push);
    let all = std::thread::spawn(move || {
        owners
            .into_iter()
            .map(|owner| owner.join().unwrap())
            .collect::<Vec<_>>()
    });
    let (stopped, report) = wakes_at_once(&registry, all);
    assert_eq!(stopped, [true; THREADS]);
    assert!(report.is_clean(), "{report}");
}

#[test]
fn one_who_sends_gets_its_turn_if_the_one_who_waits_gives_the_lock_up_now_and_then() {
    let registry = Registry::new();
    let rep = registry.socket(zmq::DEALER).open().unwrap();
    rep.bind("tcp://127.0.0.1:*").unwrap();
    let dealer = registry.socket(zmq::DEALER).name("shared").open().unwrap();
    dealer.connect(&rep.last_endpoint().unwrap()).unwrap();
    let shared = Arc::new(Mutex::new(dealer));
    let reader = Arc::clone(&shared);
    let reader = asleep("reader", move || {
        loop {
            let socket = reader.lock().unwrap();
            let received = socket.recv_by(after(Duration::from_millis(1)));
            drop(socket);
            match received {
                Err(error) if error.is_timed_out() => std::thread::yield_now(),
                Err(error) => return error.is_stopped(),
                Ok(message) => assert_eq!(&*message, b"answer"),
            }
        }
    });
    for _ in 0..10 {
        shared
            .lock()
            .unwrap()
            .send_until_stopped("question")
            .unwrap();
        assert_eq!(rep.recv_bytes(0).unwrap(), b"question");
        rep.send("answer", 0).unwrap();
    }
    drop((shared, rep));
    let (stopped, _report) = wakes_at_once(&registry, reader);
    assert!(stopped);
}

#[test]
fn with_one_in_a_bare_recv_all_are_woken_by_the_end_of_the_context() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    drop(push);
    let shared = Arc::new(Mutex::new(pull));
    let first = Arc::clone(&shared);
    let first = asleep("first", move || {
        let received = first.lock().unwrap().recv_bytes(0);
        (received, Instant::now())
    });
    let second = asleep("second", move || shared.lock().unwrap().recv_bytes(0));
    let both = std::thread::spawn(move || {
        let (first, woken) = first.join().unwrap();
        ((first, second.join().unwrap()), woken)
    });
    let (received, report) = wakes_late(&registry, both);
    assert_eq!(
        received,
        (Err(zmq::Error::ETERM), Err(zmq::Error::ETERM)),
        "{report}"
    );
    is_closed_late(&report, "pull", "second");
}
