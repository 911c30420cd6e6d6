//! Names, and who is refused.

use crate::support::ample;
use linger_registry::{OpenError, Registry, RegistryState, zmq};

#[test]
fn a_name_is_borne_by_one_open_socket() {
    let registry = Registry::new();
    let line = line!() + 1;
    let first = registry.socket(zmq::PUB).name("quotes").open().unwrap();
    match registry.socket(zmq::PUB).name("quotes").open() {
        Err(OpenError::NameTaken { socket, taken_at }) => {
            assert_eq!(socket, "quotes");
            assert_eq!(taken_at.line(), line);
        }
        other => panic!("{other:?}"),
    }
    drop(first);
    registry.socket(zmq::PUB).name("quotes").open().unwrap();
}

#[test]
fn who_gives_no_name_gets_type_and_number() {
    let registry = Registry::new();
    let taken = registry.socket(zmq::PUSH).name("push-2").open().unwrap();
    let first = registry.socket(zmq::PUSH).open().unwrap();
    let second = registry.socket(zmq::SUB).open().unwrap();
    assert_eq!(
        [taken.name(), first.name(), second.name()],
        ["push-2", "push-3", "sub-4"]
    );
}

#[test]
fn a_name_of_type_and_number_is_borne_by_one_open_socket_too() {
    let registry = Registry::new();
    let first = registry.socket(zmq::PUSH).open().unwrap();
    assert_eq!(first.name(), "push-1");
    let refused = registry.socket(zmq::PULL).name("push-1").open();
    assert!(matches!(refused, Err(OpenError::NameTaken { .. })));
    registry.socket(zmq::PULL).name("push-01").open().unwrap();
    drop(first);
    registry.socket(zmq::PULL).name("push-1").open().unwrap();
}

#[test]
fn once_the_close_began_nobody_is_let_in() {
    let registry = Registry::new();
    assert_eq!(registry.state(), RegistryState::Open);
    let report = registry.close_by(ample());
    assert!(report.is_clean() && report.sockets().is_empty());
    match registry.socket(zmq::PUB).name("late").open() {
        Err(error @ OpenError::Closing { .. }) => {
            assert_eq!(
                error.to_string(),
                "socket `late` refused: the registry is closed"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn while_owners_still_hold_sockets_it_is_closing() {
    let registry = Registry::new();
    let held = registry.socket(zmq::PULL).open().unwrap();
    let stop = held.group().clone();
    let closer = std::thread::spawn({
        let registry = registry.clone();
        move || registry.close_by(ample())
    });
    crate::support::eventually("the group stops", || stop.is_stopped());
    match registry.socket(zmq::PUB).name("late").open() {
        Err(OpenError::Closing { socket, state }) => {
            assert_eq!((socket.as_str(), state), ("late", RegistryState::Closing));
        }
        other => panic!("{other:?}"),
    }
    drop(held);
    assert!(closer.join().unwrap().is_clean());
}
