//! Opening, dropping, stopping and closing, raced against each other by loom.
//!
//! The code under test is `shared`, `table` and `group` as they are; sockets and the context are
//! counters. loom runs each model once for every order in which its threads can be scheduled, with
//! at most [`PREEMPTIONS`] switches that no thread asked for, or `LOOM_MAX_PREEMPTIONS`.

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loom::thread;

use crate::bell::Bell;
use crate::group::DEFAULT_GROUP;
use crate::linger::Linger;
use crate::open_error::OpenError;
use crate::outcome::{ContextOutcome, Outcome};
use crate::record::Record;
use crate::registry::RegistryState;
use crate::report::Report;
use crate::shared::Shared;
use crate::sync::{Condvar, Mutex};
use crate::table::ContextStage;

const PREEMPTIONS: usize = 2;

/// What libzmq knows: how many sockets are open, and that it has ended.
struct Libzmq {
    state: Mutex<State>,
    closed: Condvar,
}

#[derive(Default)]
struct State {
    opened: usize,
    closed: usize,
    ended: bool,
}

/// A socket that counts its close.
struct Fake(Arc<Libzmq>);

impl Drop for Fake {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        assert!(!state.ended, "a socket was closed after its context ended");
        state.closed += 1;
        self.0.closed.notify_all();
    }
}

/// A clone of the context.
struct FakeContext(Arc<Libzmq>);

impl FakeContext {
    fn socket(&self) -> Fake {
        let mut state = self.0.state.lock();
        assert!(!state.ended, "a socket was opened on a context that ended");
        state.opened += 1;
        Fake(Arc::clone(&self.0))
    }

    /// As `zmq_ctx_term`: waits for every socket to be closed.
    fn end(self) {
        let mut state = self.0.state.lock();
        while state.closed < state.opened {
            self.0.closed.wait_until(&mut state, Instant::now());
        }
        assert!(!state.ended, "the context ended twice");
        state.ended = true;
    }
}

/// A registry with its closer thread.
struct Model {
    shared: Arc<Shared<Fake, FakeContext>>,
    libzmq: Arc<Libzmq>,
    closer: thread::JoinHandle<()>,
}

/// An open socket, as its owner has it.
struct Owned {
    shared: Arc<Shared<Fake, FakeContext>>,
    record: Arc<Record>,
    socket: Option<Fake>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        let socket = self.socket.take().unwrap();
        if let Some(socket) = self.shared.hand_over(&self.record, socket) {
            drop(socket);
            self.shared.closed_here();
        }
    }
}

impl Model {
    fn new() -> Self {
        let libzmq = Arc::new(Libzmq {
            state: Mutex::new(State::default()),
            closed: Condvar::new(),
        });
        let shared = Arc::new(Shared::new());
        assert!(shared.bell.set(Bell::new().unwrap()).is_ok());
        shared.context_is(ContextStage::Running);
        let closer = {
            let shared = Arc::clone(&shared);
            let context = FakeContext(Arc::clone(&libzmq));
            thread::spawn(move || close_all(&shared, context))
        };
        Self {
            shared,
            libzmq,
            closer,
        }
    }

    fn opener(&self) -> impl Fn() -> Result<Owned, OpenError> + use<> {
        self.opener_in(DEFAULT_GROUP)
    }

    fn opener_in(&self, group: &'static str) -> impl Fn() -> Result<Owned, OpenError> + use<> {
        let shared = Arc::clone(&self.shared);
        let libzmq = Arc::clone(&self.libzmq);
        move || open(&shared, &libzmq, group)
    }

    /// After all threads have come back but the closer's: what was seen must agree.
    fn check(self, report: &Report, opened: usize) {
        self.closer.join().unwrap();
        let state = self.libzmq.state.lock();
        assert_eq!(state.opened, opened);
        assert_eq!(state.closed, opened, "a socket was missed");
        assert!(state.ended);
        assert_eq!(report.sockets().len(), opened, "{report}");
        assert_eq!(self.shared.state(), RegistryState::Closed);
    }
}

fn open(
    shared: &Arc<Shared<Fake, FakeContext>>,
    libzmq: &Arc<Libzmq>,
    group: &str,
) -> Result<Owned, OpenError> {
    let (record, socket) = shared.open(Err("fake"), |gate, id, name| {
        let context = gate
            .context
            .get_or_insert_with(|| FakeContext(Arc::clone(libzmq)));
        let record = Record::new(
            id,
            name,
            zmq::PUSH,
            shared.group(group),
            Linger::default_for(zmq::PUSH),
            Location::caller(),
        );
        Ok((record, context.socket()))
    })?;
    Ok(Owned {
        shared: Arc::clone(shared),
        record,
        socket: Some(socket),
    })
}

/// The closer thread without libzmq: every socket ends as soon as it is closed.
fn close_all(shared: &Shared<Fake, FakeContext>, context: FakeContext) {
    let bell = shared.bell.get().unwrap();
    loop {
        let orders = shared.orders();
        for handed in orders.handed {
            drop(handed.socket);
            let after = Duration::ZERO;
            shared.ended(&handed.record, Outcome::Emptied { after });
        }
        if let Some(leftover) = shared.may_end(Instant::now(), true) {
            for handed in leftover {
                drop(handed.socket);
                shared.ended(&handed.record, Outcome::Unobserved);
            }
            drop(shared.take_context());
            context.end();
            let took = Duration::ZERO;
            return shared.context_is(ContextStage::Ended { took });
        }
        bell.hear();
    }
}

fn ample() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

fn long_ago() -> Instant {
    let now = Instant::now();
    now.checked_sub(Duration::from_secs(1)).unwrap_or(now)
}

fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.check(body);
}

#[test]
fn an_open_that_races_with_the_close_is_refused_or_closed_and_reported() {
    model(|| {
        let it = Model::new();
        let open = it.opener();
        let owner = thread::spawn(move || {
            open().is_ok_and(|socket| {
                drop(socket);
                true
            })
        });
        it.shared.begin_close(Instant::now(), ample());
        let refused = it.opener()();
        assert!(matches!(refused, Err(OpenError::Closing { .. })));
        let report = it.shared.conclude(|_| ());
        let opened = owner.join().unwrap();
        it.check(&report, usize::from(opened));
        assert!(report.is_clean(), "{report}");
    });
}

#[test]
fn sockets_that_are_dropped_by_two_threads_all_end_before_the_context() {
    model(|| {
        let it = Model::new();
        let sockets = [it.opener()().unwrap(), it.opener()().unwrap()];
        let owners = sockets.map(|socket| thread::spawn(move || drop(socket)));
        it.shared.begin_close(Instant::now(), ample());
        let report = it.shared.conclude(|_| ());
        for owner in owners {
            owner.join().unwrap();
        }
        it.check(&report, 2);
        assert!(report.is_clean(), "{report}");
    });
}

#[test]
fn a_drop_that_races_with_the_reserve_is_closed_once_and_reported_once() {
    model(|| {
        let it = Model::new();
        let socket = it.opener()().unwrap();
        let owner = thread::spawn(move || drop(socket));
        // Its reserve is over when it begins: the context's end wakes whoever holds a socket.
        it.shared.begin_close(Instant::now(), long_ago());
        let report = it.shared.conclude(|_| ());
        owner.join().unwrap();
        it.check(&report, 1);
    });
}

#[test]
fn two_closes_give_one_report() {
    model(|| {
        let it = Model::new();
        let socket = it.opener()().unwrap();
        let shared = Arc::clone(&it.shared);
        let other = thread::spawn(move || {
            shared.begin_close(Instant::now(), ample());
            shared.conclude(|_| ())
        });
        drop(socket);
        it.shared.begin_close(Instant::now(), ample());
        let report = it.shared.conclude(|_| ());
        assert!(other.join().unwrap().is_same(&report));
        assert!(matches!(report.context(), ContextOutcome::Ended { .. }));
        it.check(&report, 1);
    });
}

#[test]
fn a_registry_that_is_dropped_ends_its_context_after_the_last_socket() {
    model(|| {
        let it = Model::new();
        let sockets = [it.opener()().unwrap(), it.opener()().unwrap()];
        let [first, second] = sockets.map(|socket| thread::spawn(move || drop(socket)));
        it.shared.abandon();
        first.join().unwrap();
        second.join().unwrap();
        it.closer.join().unwrap();
        let state = it.libzmq.state.lock();
        assert!(state.ended && state.closed == 2);
    });
}

#[test]
fn a_stop_is_seen_by_whoever_asks_for_the_descriptor_meanwhile() {
    model(|| {
        let shared: Arc<Shared<Fake, FakeContext>> = Arc::new(Shared::new());
        let group = shared.group(DEFAULT_GROUP);
        let poller = {
            let group = group.clone();
            thread::spawn(move || {
                group.descriptor().unwrap();
                group
            })
        };
        group.stop();
        let group = poller.join().unwrap();
        let item = zmq::PollItem::from_fd(
            std::os::fd::AsRawFd::as_raw_fd(&group.descriptor().unwrap()),
            zmq::POLLIN,
        );
        assert_eq!(zmq::poll(&mut [item], 0).unwrap(), 1);
        assert!(group.is_stopped());
    });
}

#[test]
fn a_group_that_is_asked_for_while_all_stop_is_stopped() {
    model(|| {
        let it = Model::new();
        let shared = Arc::clone(&it.shared);
        let asking = thread::spawn(move || shared.group("late"));
        it.shared.begin_close(Instant::now(), ample());
        let group = asking.join().unwrap();
        assert!(group.is_stopped());
        let report = it.shared.conclude(|_| ());
        it.check(&report, 0);
    });
}

#[test]
fn the_rest_stop_when_the_first_group_has_ended_and_never_before() {
    model(|| {
        let it = Model::new();
        it.shared.table.lock().order = vec!["first".into()];
        let first = it.opener_in("first")().unwrap();
        let rest = it.opener()().unwrap();
        let libzmq = Arc::clone(&it.libzmq);
        let owner = thread::spawn(move || {
            if rest.record.group.is_stopped() {
                assert!(libzmq.state.lock().closed > 0, "stopped too early");
            }
        });
        it.shared.begin_close(Instant::now(), ample());
        drop(first);
        let report = it.shared.conclude(|_| ());
        owner.join().unwrap();
        assert!(it.shared.group(DEFAULT_GROUP).is_stopped());
        it.check(&report, 2);
    });
}
