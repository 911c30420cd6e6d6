//! PUB and SUB, as whoever knows them well would use them.

use super::load::{AMPLE, Load, PREFIX, TOPIC};
use crate::bench::BenchError;
use linger::zmq::{self, SNDMORE};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The high-water marks, in messages; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) struct Marks {
    pub(in crate::bench) send: i32,
    pub(in crate::bench) receive: i32,
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { send, receive } = self;
        write!(f, "PUB's high-water mark {send}, SUB's {receive}")
    }
}

/// A publisher, and its receivers on threads of their own.
pub(super) struct Bare {
    load: Load,
    payload: Vec<u8>,
    publisher: zmq::Socket,
    receivers: Vec<Reader>,
    // After its socket: it would wait for it.
    _context: zmq::Context,
}

/// A thread that receives a block each time it is told to.
struct Reader {
    go: Option<Sender<()>>,
    done: Receiver<Result<Instant, BenchError>>,
    thread: Option<JoinHandle<()>>,
}

/// A publisher's context, socket and endpoint.
pub(in crate::bench) fn publisher(
    load: Load,
    marks: Marks,
) -> Result<(zmq::Context, zmq::Socket, String), BenchError> {
    let context = zmq::Context::new();
    // An XPUB, to see when all have subscribed; from then on it is what PUB is. Only the first
    // subscription to a prefix is told, so each subscriber has another one besides.
    let publisher = context.socket(zmq::XPUB)?;
    publisher.set_sndhwm(marks.send)?;
    publisher.set_linger(0)?;
    publisher.set_rcvtimeo(millis(AMPLE))?;
    let [endpoint] = load.transport.endpoints()?;
    publisher.bind(&endpoint)?;
    Ok((context, publisher, endpoint))
}

/// A subscriber's context and socket.
pub(in crate::bench) fn subscriber(
    marks: Marks,
    endpoint: &str,
) -> Result<(zmq::Context, zmq::Socket), BenchError> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let context = zmq::Context::new();
    let socket = context.socket(zmq::SUB)?;
    socket.set_rcvhwm(marks.receive)?;
    socket.set_rcvtimeo(1_000)?;
    socket.connect(endpoint)?;
    socket.set_subscribe(PREFIX.as_bytes())?;
    let own = COUNT.fetch_add(1, Ordering::Relaxed);
    socket.set_subscribe(format!("subscriber {own}").as_bytes())?;
    Ok((context, socket))
}

impl Bare {
    pub(super) fn new(load: Load, marks: Marks) -> Result<Self, BenchError> {
        let (context, publisher, endpoint) = publisher(load, marks)?;
        let open = |_| Reader::new(load, marks, &endpoint);
        let receivers: Vec<_> = (0..load.subscribers).map(open).collect::<Result<_, _>>()?;
        for _ in 0..=load.subscribers {
            publisher.recv_bytes(0)?;
        }
        Ok(Self {
            load,
            payload: vec![7; load.payload],
            publisher,
            receivers,
            _context: context,
        })
    }

    /// From the first message sent to the last received.
    pub(super) fn block(&mut self) -> Result<Duration, BenchError> {
        for receiver in &self.receivers {
            receiver.begin();
        }
        let begun = Instant::now();
        for _ in 0..self.load.messages {
            self.publisher.send(TOPIC.as_bytes(), SNDMORE)?;
            self.publisher.send(&self.payload[..], 0)?;
        }
        let ended = self.receivers.iter().map(Reader::ended);
        // All of them, even if one missed something: the next block would begin amid this one.
        let ended: Vec<_> = ended.collect();
        let ended = ended.into_iter().collect::<Result<Vec<_>, _>>()?;
        let last = ended.into_iter().max().unwrap_or(begun);
        Ok(last - begun)
    }
}

impl Reader {
    fn new(load: Load, marks: Marks, endpoint: &str) -> Result<Self, BenchError> {
        let (go, told) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let (context, socket) = subscriber(marks, endpoint)?;
        let thread = thread::Builder::new()
            .name("bench bare".to_owned())
            .spawn(move || {
                while told.recv().is_ok() {
                    if done.send(receive(&socket, load)).is_err() {
                        break;
                    }
                }
                drop(socket);
                drop(context);
            })?;
        Ok(Self {
            go: Some(go),
            done: is_done,
            thread: Some(thread),
        })
    }

    fn begin(&self) {
        // A thread that is gone shows in `ended`.
        let _ = self.go.as_ref().map(|go| go.send(()));
    }

    fn ended(&self) -> Result<Instant, BenchError> {
        self.done
            .recv()
            .unwrap_or_else(|_| Err(BenchError::Wrong("a receiver is gone".to_owned())))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.go.take());
        // It ends at its next look.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn receive(socket: &zmq::Socket, load: Load) -> Result<Instant, BenchError> {
    let (mut topic, mut payload) = (zmq::Message::new(), zmq::Message::new());
    let (mut messages, mut bytes) = (0, 0);
    while messages < load.messages {
        match socket.recv(&mut topic, 0) {
            Ok(()) => {}
            // Nothing for a second: what is missing does not come.
            Err(zmq::Error::EAGAIN) => break,
            Err(error) => return Err(error.into()),
        }
        socket.recv(&mut payload, 0)?;
        messages += 1;
        bytes += payload.len() as u64;
    }
    let ended = Instant::now();
    match load.is_whole(messages, bytes) {
        Err(BenchError::Wrong(how)) if messages < load.messages => Err(BenchError::Lost(how)),
        whole => whole.map(|()| ended),
    }
}

fn millis(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
}
