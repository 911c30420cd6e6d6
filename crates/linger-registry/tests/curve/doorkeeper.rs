//! The application's ZAP handler, in the registry whose sockets it guards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use linger_registry::{Registry, Socket, zmq};

use crate::keys::Keys;

pub(crate) const DOMAIN: &str = "jobs";

/// The group that it is in.
pub(crate) const GROUP: &str = "zap";

#[derive(Default)]
struct Counts {
    admitted: AtomicUsize,
    rejected: AtomicUsize,
}

pub(crate) struct Doorkeeper {
    counts: Arc<Counts>,
    thread: JoinHandle<()>,
}

impl Doorkeeper {
    /// Answers until its group stops; it knows these users by their public keys.
    pub(crate) fn start(registry: &Registry, users: Vec<(&'static str, Keys)>) -> Self {
        let handler = registry.socket(zmq::REP).name("zap").group(GROUP);
        let handler = handler.open().expect("opened");
        handler.bind("inproc://zeromq.zap.01").expect("bound");
        let counts = Arc::<Counts>::default();
        let counted = Arc::clone(&counts);
        Self {
            counts,
            thread: thread::spawn(move || answer(&handler, &users, &counted)),
        }
    }

    pub(crate) fn admitted(&self) -> usize {
        self.counts.admitted.load(Ordering::Relaxed)
    }

    pub(crate) fn rejected(&self) -> usize {
        self.counts.rejected.load(Ordering::Relaxed)
    }

    /// Once its group has stopped.
    pub(crate) fn join(self) {
        self.thread.join().expect("it does not panic");
    }
}

fn answer(handler: &Socket, users: &[(&str, Keys)], counts: &Counts) {
    for request in handler.multipart_messages() {
        let request = request.expect("a request");
        // Version, request, domain, address, routing id, mechanism, public key.
        let frame = |at: usize| &request[at][..];
        assert_eq!((frame(0), frame(2)), (&b"1.0"[..], DOMAIN.as_bytes()));
        assert_eq!((frame(3), frame(5)), (&b"127.0.0.1"[..], &b"CURVE"[..]));
        let user = users.iter().find(|(_, keys)| keys.public == frame(6));
        let (status, user, count) = match user {
            Some((user, _)) => (&b"200"[..], user.as_bytes(), &counts.admitted),
            None => (&b"400"[..], &b""[..], &counts.rejected),
        };
        count.fetch_add(1, Ordering::Relaxed);
        let answer = [b"1.0", frame(1), status, b"", user, b""];
        handler.send_multipart(answer, 0).expect("sent");
    }
}
