//! Descriptors and threads after very many sockets and registries. Alone in its process, as one
//! test: it counts both.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "registry/support.rs"]
mod support;

use std::fs;
use std::time::Duration;

use linger_registry::{ContextOutcome, Registry, zmq};
use support::{ample, eventually, pair, stuck};

const CYCLES: usize = 10_000;
const AT_ONCE: usize = 50;
const REGISTRIES: usize = 1_000;

#[derive(Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: usize,
}

impl Held {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let threads = status
            .lines()
            .find_map(|line| line.strip_prefix("Threads:"))
            .unwrap();
        Self {
            // One of them is what this reads the folder by, each time.
            descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
            threads: threads.trim().parse().unwrap(),
        }
    }
}

#[test]
fn descriptors_and_threads_are_back_where_they_were() {
    let before = Held::now();
    many_sockets_on_one_registry(&before);
    // libzmq's threads and the closer end after the last word of the close.
    eventually("the registry is gone", || Held::now() == before);
    many_registries(&before);
    eventually("all registries are gone", || Held::now() == before);
}

fn many_sockets_on_one_registry(before: &Held) {
    let registry = Registry::new();
    let anchor = registry.socket(zmq::PULL).name("anchor").open().unwrap();
    anchor.bind("tcp://127.0.0.1:*").unwrap();
    let address = anchor.last_endpoint().unwrap();
    let idle = Held::now();
    assert!(idle.descriptors > before.descriptors && idle.threads == before.threads + 3);
    let kinds = [zmq::PUSH, zmq::PUB, zmq::SUB, zmq::DEALER, zmq::ROUTER];
    for round in 0..CYCLES / AT_ONCE {
        let sockets: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                let socket = registry.socket(kinds[number % kinds.len()]).open().unwrap();
                match number {
                    0 => {
                        socket.connect(&address).unwrap();
                        socket.send(round.to_string().as_str(), 0).unwrap();
                    }
                    1..10 => socket.bind("tcp://127.0.0.1:*").unwrap(),
                    _ => {}
                }
                socket
            })
            .collect();
        drop(sockets);
        assert_eq!(anchor.recv_bytes(0).unwrap(), round.to_string().as_bytes());
        eventually("all have ended", || registry.snapshot().len() == 1);
        // The peer's end of the connection closes when it has read that ours did.
        eventually("what they held is back", || Held::now() == idle);
    }
    drop(anchor);
    let report = registry.close_by(ample());
    let listed = u64::try_from(report.sockets().len()).unwrap();
    let opened = u64::try_from(CYCLES + 1).unwrap();
    assert_eq!(listed + report.omitted().count, opened, "{report}");
    assert!(report.is_clean(), "{report}");
}

fn many_registries(before: &Held) {
    for number in 0..REGISTRIES {
        let registry = Registry::new();
        let (push, pull) = pair(&registry);
        push.send("x", 0).unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), b"x");
        drop((push, pull));
        if number % 10 == 0 {
            drop(stuck(&registry, "stuck", Duration::from_millis(1)));
        }
        let report = registry.close_by(ample());
        assert!(
            matches!(report.context(), ContextOutcome::Ended { .. }),
            "{report}"
        );
        drop(registry);
        if number % 100 == 0 {
            eventually("the registry is gone", || Held::now() == *before);
        }
    }
}
