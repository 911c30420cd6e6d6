//! The application's ZAP handler: it knows the users by their public keys.

use crate::keys::Keys;
use linger_ack::linger_registry::{Registry, Socket};
use linger_ack::zmq;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

pub(crate) const DOMAIN: &str = "ticks";

/// Whom it let in, and how often it did not.
#[derive(Default)]
struct Counts {
    admitted: AtomicUsize,
    rejected: AtomicUsize,
}

pub(crate) struct Doorkeeper {
    registry: Registry,
    counts: Arc<Counts>,
    thread: Option<JoinHandle<()>>,
}

impl Doorkeeper {
    /// Answers in this registry's context, until it is dropped.
    pub(crate) fn start(registry: &Registry, users: Vec<(&'static str, Keys)>) -> Self {
        let handler = registry.socket(zmq::REP).name("zap").group("zap");
        let handler = handler.open().expect("a socket");
        handler.bind("inproc://zeromq.zap.01").expect("bound");
        let counts = Arc::<Counts>::default();
        let counted = Arc::clone(&counts);
        Self {
            registry: registry.clone(),
            counts,
            thread: Some(thread::spawn(move || answer(&handler, &users, &counted))),
        }
    }

    pub(crate) fn admitted(&self) -> usize {
        self.counts.admitted.load(Ordering::Relaxed)
    }

    pub(crate) fn rejected(&self) -> usize {
        self.counts.rejected.load(Ordering::Relaxed)
    }
}

impl Drop for Doorkeeper {
    fn drop(&mut self) {
        self.registry.stop("zap");
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))) || thread::panicking());
    }
}

fn answer(handler: &Socket, users: &[(&str, Keys)], counts: &Counts) {
    for request in handler.multipart_messages() {
        let request = request.expect("a request");
        // Version, request, domain, address, routing id, mechanism, public key.
        let frame = |at: usize| &request[at][..];
        assert_eq!(
            (frame(0), frame(2)),
            (&b"1.0"[..], DOMAIN.as_bytes()),
            "RFC 27"
        );
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
