//! What the least takes that could do the same: bare sockets with as many connections, the names in
//! a map, the payloads in a queue.

use super::publisher::{endpoints, grown, say, wait_for_word};
use super::shape::{AMPLE, PAYLOAD, Shape};
use crate::bench::BenchError;
use crate::scenario::memory::resident;
use linger::zmq;
use std::collections::{BTreeMap, VecDeque};
use std::process;

/// In the publisher's process.
pub(super) fn serve(shape: Shape, before: u64) -> Result<(), BenchError> {
    let context = zmq::Context::new();
    let publisher = context.socket(zmq::XPUB)?;
    publisher.set_xpub_verbose(true)?;
    let router = context.socket(zmq::ROUTER)?;
    let [data, control] = endpoints();
    for (socket, endpoint) in [(&publisher, &data), (&router, &control)] {
        socket.set_linger(0)?;
        socket.set_rcvtimeo(i32::try_from(AMPLE.as_millis()).unwrap_or(i32::MAX))?;
        socket.bind(endpoint)?;
    }
    let bound = resident(process::id())?.max(before);
    say(&format!("{data} {control}"))?;
    for _ in 0..shape.members {
        publisher.recv_bytes(0)?;
        router.recv_multipart(0)?;
    }
    let joined = resident(process::id())?;
    let names = (0..shape.topics).map(|number| (Shape::topic(number).into_bytes(), number));
    let names: BTreeMap<Vec<u8>, u32> = names.collect();
    let made = resident(process::id())?;
    let queue: VecDeque<Vec<u8>> = (0..shape.messages).map(|_| vec![7; PAYLOAD]).collect();
    let published = resident(process::id())?;
    say(&grown([bound, joined, made, published]))?;
    wait_for_word()?;
    // They were there until now.
    let held = (names.len(), queue.len());
    say(&(held.0 + held.1).to_string())
}

/// Sockets with as many connections, in the other process.
pub(super) struct Peers {
    sockets: Vec<zmq::Socket>,
    // After the sockets: they would wait for them.
    contexts: Vec<zmq::Context>,
}

impl Peers {
    pub(super) fn connect(shape: Shape, [data, control]: [&str; 2]) -> Result<Self, BenchError> {
        let mut peers = Self {
            sockets: Vec::new(),
            contexts: Vec::new(),
        };
        for number in 0..shape.members {
            if number % super::audience::AT_ONE == 0 {
                peers.contexts.push(zmq::Context::new());
            }
            let Some(context) = peers.contexts.last() else {
                continue;
            };
            let sub = context.socket(zmq::SUB)?;
            sub.set_linger(0)?;
            sub.set_subscribe(b"")?;
            sub.connect(data)?;
            let dealer = context.socket(zmq::DEALER)?;
            dealer.set_linger(0)?;
            dealer.connect(control)?;
            dealer.send("hello", 0)?;
            peers.sockets.extend([sub, dealer]);
        }
        Ok(peers)
    }
}
