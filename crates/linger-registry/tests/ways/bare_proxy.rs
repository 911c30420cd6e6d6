//! A thread that blocks in `zmq::proxy`.

use std::time::{Duration, Instant};

use crate::close::{is_closed_late, wakes_at_once, wakes_late};
use crate::owner::asleep;
use crate::support::after;
use linger_registry::{Registry, Socket, proxy_until_stopped, zmq};

fn sides(registry: &Registry) -> [Socket; 2] {
    [("clients", zmq::ROUTER), ("workers", zmq::DEALER)].map(|(name, kind)| {
        let builder = registry.socket(kind).name(name).linger(Duration::ZERO);
        let socket = builder.open().unwrap();
        socket.bind("tcp://127.0.0.1:*").unwrap();
        socket
    })
}

#[test]
fn it_is_woken_by_the_end_of_the_context() {
    let registry = Registry::new();
    let [clients, workers] = sides(&registry);
    let owner = asleep("broker", move || {
        let ended = zmq::proxy(&clients, &workers);
        (ended, Instant::now())
    });
    let (ended, report) = wakes_late(&registry, owner);
    assert_eq!(ended, Err(zmq::Error::ETERM));
    is_closed_late(&report, "clients", "broker");
    is_closed_late(&report, "workers", "broker");
}

#[test]
fn proxy_until_stopped_is_woken_by_the_stop_and_finishes() {
    let registry = Registry::new();
    let [clients, workers] = sides(&registry);
    let owner = asleep("broker", move || {
        let mut proxy = proxy_until_stopped(&clients, &workers)?;
        proxy.finish_by(after(Duration::from_secs(1)))
    });
    let (ended, report) = wakes_at_once(&registry, owner);
    assert_eq!(ended, Ok(()));
    // Of a linger of 0 libzmq doesn't tell whether it discarded anything.
    assert_eq!(report.sockets().len(), 2);
}
