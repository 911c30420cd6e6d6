//! A socket that lies in a struct, and that nobody uses.

use std::time::{Duration, Instant};

use crate::support::{after, ample, eventually};
use linger_registry::{Group, Outcome, Registry, RegistryState, Socket, zmq};

/// What many services have: sockets in a field, used now and then.
struct Service {
    audit: Option<Socket>,
    stop: Group,
}

impl Service {
    fn new(registry: &Registry) -> Self {
        let audit = registry.socket(zmq::PUB).name("audit").open().unwrap();
        audit.bind("tcp://127.0.0.1:*").unwrap();
        Self {
            stop: audit.group().clone(),
            audit: Some(audit),
        }
    }

    /// Called now and then by a main loop.
    fn tick(&mut self) {
        if self.stop.is_stopped() {
            self.audit.take();
        }
    }
}

#[test]
fn nothing_wakes_it_and_the_report_names_it_by_the_deadline() {
    let registry = Registry::new();
    let mut service = Service::new(&registry);
    let limit = Duration::from_millis(300);
    let began = Instant::now();
    let report = registry.close_by(began + limit);
    assert!(began.elapsed() < limit + Duration::from_millis(500));
    let audit = report.socket("audit").unwrap();
    assert_eq!(*audit.outcome(), Outcome::StillOpen);
    assert!(audit.info().opened_at().file().ends_with("idle.rs"));
    assert!(report.to_string().contains("STILL OPEN"), "{report}");

    // Its next use is an error, its drop is harmless, and the context ends then.
    let used = service.audit.as_ref().unwrap().send("x", 0);
    assert_eq!(used, Err(zmq::Error::ETERM));
    service.tick();
    eventually("the context ends", || {
        registry.state() == RegistryState::Closed
    });
}

#[test]
fn an_owner_that_looks_at_the_group_now_and_then_lets_go_in_time() {
    let registry = Registry::new();
    let mut service = Service::new(&registry);
    let closer = std::thread::spawn({
        let registry = registry.clone();
        move || registry.close_by(ample())
    });
    eventually("the service lets go", || {
        service.tick();
        service.audit.is_none()
    });
    let report = closer.join().unwrap();
    assert!(report.is_clean(), "{report}");
}

#[test]
fn dropped_before_the_close_it_is_in_the_report_all_the_same() {
    let registry = Registry::new();
    drop(Service::new(&registry));
    let report = registry.close_by(after(Duration::from_secs(5)));
    assert!(report.is_clean(), "{report}");
    assert!(report.socket("audit").is_some(), "{report}");
}
