//! A socket that moves between threads.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::close::wakes_at_once;
use crate::owner::asleep;
use crate::support::{after, eventually, pair};
use linger_registry::{Outcome, Registry, RegistryState, Socket};

#[test]
fn what_moves_it_is_fence_enough_and_the_last_to_use_it_is_named() {
    const HOPS: u32 = 100;
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    for number in 0..HOPS {
        push.send(&number.to_be_bytes()[..], 0).unwrap();
    }
    drop(push);
    // A ring of two threads: each reads one message, and passes the socket on.
    let (to_left, left) = mpsc::channel::<(Socket, u32)>();
    let (to_right, right) = mpsc::channel::<(Socket, u32)>();
    let (last, at_last) = mpsc::channel();
    let ring = |from: mpsc::Receiver<(Socket, u32)>, to: mpsc::Sender<(Socket, u32)>| {
        let last = last.clone();
        move || {
            for (socket, number) in from {
                let message = socket.recv_until_stopped().unwrap();
                assert_eq!(*message, number.to_be_bytes());
                if number + 1 == HOPS {
                    return last.send(socket).unwrap();
                }
                to.send((socket, number + 1)).unwrap();
            }
        }
    };
    let threads = [
        thread::spawn(ring(left, to_right)),
        thread::spawn(ring(right, to_left.clone())),
    ];
    to_left.send((pull, 0)).unwrap();
    drop(to_left);
    let pull = at_last.recv().unwrap();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    let owner = asleep("last owner", move || pull.recv_until_stopped().is_err());
    let (ended, report) = wakes_at_once(&registry, owner);
    assert!(ended && report.is_clean(), "{report}");
    let pull = report.socket("pull").unwrap();
    assert_eq!(pull.info().last_thread(), "last owner");
}

#[test]
fn on_its_way_it_is_open_and_named_with_the_thread_that_had_it() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    drop(push);
    let (channel, received) = mpsc::channel();
    thread::Builder::new()
        .name("sender".into())
        .spawn(move || {
            pull.get_rcvhwm().unwrap();
            channel.send(pull).unwrap();
        })
        .unwrap()
        .join()
        .unwrap();
    let limit = Duration::from_millis(300);
    let deadline = after(limit);
    let report = registry.close_by(deadline);
    assert!(after(Duration::ZERO) < deadline + Duration::from_millis(500));
    let pull = report.socket("pull").unwrap();
    assert_eq!(*pull.outcome(), Outcome::StillOpen);
    assert_eq!(pull.info().last_thread(), "sender");
    // The channel goes, and what is in it.
    drop(received);
    eventually("the context ends", || {
        registry.state() == RegistryState::Closed
    });
}
