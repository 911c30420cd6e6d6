//! Dropping a socket.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::{after, ample, stuck};
use linger_registry::{Outcome, Registry, zmq};

/// Far below the lingers here, far above what a loaded machine needs.
const AT_ONCE: Duration = Duration::from_secs(2);

#[test]
fn sockets_move_between_threads_and_the_rest_is_shared() {
    fn send<T: Send>() {}
    fn sync<T: Send + Sync>() {}
    send::<linger_registry::Socket>();
    sync::<Registry>();
    sync::<linger_registry::Group>();
    sync::<linger_registry::Report>();
}

#[test]
fn it_never_blocks_however_long_the_linger() {
    let registry = Registry::new();
    let sockets: Vec<_> = (0..10)
        .map(|n| stuck(&registry, &format!("stuck {n}"), Duration::from_secs(3600)))
        .collect();
    let began = Instant::now();
    drop(sockets);
    assert!(began.elapsed() < AT_ONCE);
    let began = Instant::now();
    drop(registry);
    assert!(began.elapsed() < AT_ONCE);
}

#[test]
fn the_last_socket_may_outlive_the_registry_and_still_does_not_block() {
    let registry = Registry::new();
    let socket = stuck(&registry, "stuck", Duration::from_secs(3600));
    drop(registry);
    socket.send("goes on working", zmq::DONTWAIT).unwrap();
    let began = Instant::now();
    drop(socket);
    assert!(began.elapsed() < AT_ONCE);
}

#[test]
fn an_owner_that_panics_drops_it_like_any_other() {
    let registry = Registry::new();
    let socket = registry.socket(zmq::PUSH).name("unlucky").open().unwrap();
    let owner = thread::spawn(move || {
        let _socket = socket;
        panic!("as planned");
    });
    assert!(owner.join().is_err());
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn any_thread_may_drop_it_even_as_that_ends() {
    thread_local! {
        static HELD: std::cell::RefCell<Option<linger_registry::Socket>> =
            const { std::cell::RefCell::new(None) };
    }
    let registry = Registry::new();
    let socket = registry
        .socket(zmq::PUSH)
        .name("thread local")
        .open()
        .unwrap();
    thread::spawn(move || HELD.with(|held| *held.borrow_mut() = Some(socket)))
        .join()
        .unwrap();
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn after_the_reserve_it_is_closed_on_the_spot() {
    let registry = Registry::new();
    let socket = registry.socket(zmq::PUSH).name("idle").open().unwrap();
    let report = registry.close_by(after(Duration::from_millis(50)));
    assert_eq!(
        *report.socket("idle").unwrap().outcome(),
        Outcome::StillOpen
    );
    let began = Instant::now();
    drop(socket);
    assert!(began.elapsed() < AT_ONCE);
    crate::support::eventually("the context ends", || {
        registry.state() == linger_registry::RegistryState::Closed
    });
}
