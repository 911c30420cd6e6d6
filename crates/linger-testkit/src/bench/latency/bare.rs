//! PUB and SUB.

use super::block::{Reader, Receive, block};
use crate::bench::BenchError;
use crate::bench::ack::bare::{Marks, publisher, subscriber};
use crate::bench::ack::load::{Load, TOPIC};
use linger::zmq::{self, SNDMORE};
use std::time::Duration;

/// At this rate nothing ever comes near it.
const MARKS: Marks = Marks {
    send: 10_000,
    receive: 10_000,
};

pub(super) struct Bare {
    load: Load,
    publisher: zmq::Socket,
    readers: Vec<Reader>,
    // After its socket: it would wait for it.
    _context: zmq::Context,
}

/// A SUB with its context.
struct Sub {
    socket: zmq::Socket,
    topic: zmq::Message,
    payload: zmq::Message,
    _context: zmq::Context,
}

impl Bare {
    pub(super) fn new(load: Load) -> Result<Self, BenchError> {
        let (context, publisher, endpoint) = publisher(load, MARKS)?;
        let open = |_| {
            let (context, socket) = subscriber(MARKS, &endpoint)?;
            Reader::new(
                load,
                Sub {
                    socket,
                    topic: zmq::Message::new(),
                    payload: zmq::Message::new(),
                    _context: context,
                },
            )
        };
        let readers: Vec<_> = (0..load.subscribers).map(open).collect::<Result<_, _>>()?;
        for _ in 0..=load.subscribers {
            publisher.recv_bytes(0)?;
        }
        Ok(Self {
            load,
            publisher,
            readers,
            _context: context,
        })
    }

    pub(super) fn block(&mut self) -> Result<[Duration; 3], BenchError> {
        let Self {
            load,
            publisher,
            readers,
            ..
        } = self;
        block(*load, readers, |payload| {
            publisher.send(TOPIC.as_bytes(), SNDMORE)?;
            publisher.send(payload, 0)?;
            Ok(())
        })
    }
}

impl Receive for Sub {
    fn next(
        &mut self,
        see: impl FnOnce(&[u8]) -> Result<u64, BenchError>,
    ) -> Result<u64, BenchError> {
        self.socket.recv(&mut self.topic, 0)?;
        self.socket.recv(&mut self.payload, 0)?;
        see(&self.payload)
    }
}
