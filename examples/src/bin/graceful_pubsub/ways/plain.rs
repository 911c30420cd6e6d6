//! PUB and SUB as a tutorial has them; the plain ways differ only in how the publisher stops.

use std::time::{Duration, Instant};

use zmq::{Context, Socket};

use super::HIGH_WATER_MARK;
use crate::roles::publisher::Stream;
use crate::roles::subscriber::Worker;
use crate::roles::{Doing, Halt, RoleError};
use crate::wire::Known;

/// No line can have this topic.
const WARM_UP: &[u8] = b"\xffwarm-up";

/// How often the warm-up is published.
const WARM_UP_EVERY: Duration = Duration::from_millis(10);

/// How long nothing may come after the publisher's end until a subscriber believes in it.
const QUIET: Duration = Duration::from_secs(1);

/// How often a subscriber looks up from an empty socket.
const LOOK_UP_MS: i32 = 100;

pub(super) fn publish(
    stream: &mut Stream,
    stop: fn(Socket, Context) -> zmq::Result<()>,
) -> Result<(), RoleError> {
    let halt = Halt::on_sigterm()?;
    let context = Context::new();
    let socket = context.socket(zmq::PUB).doing("open the PUB socket")?;
    socket
        .set_sndhwm(HIGH_WATER_MARK)
        .doing("set the high-water mark")?;
    socket
        .bind("tcp://127.0.0.1:*")
        .doing("bind the PUB socket")?;
    let endpoint = socket.get_last_endpoint().doing("ask where it is bound")?;
    stream.bound(vec![endpoint.unwrap_or_default()]);

    // A subscriber is there when it gets what is published, and says so to the parent.
    while !stream.wait_for_start(WARM_UP_EVERY) {
        send(&socket, WARM_UP, b"")?;
    }
    while let Some(message) = stream.next(&halt)? {
        send(&socket, message.topic(), message.payload())?;
        stream.accepted();
    }
    // Said before the stop: two of the ways have no moment after it.
    stream.stopped(Known::nothing());
    stop(socket, context).doing("stop")
}

fn send(socket: &Socket, topic: &[u8], payload: &[u8]) -> Result<(), RoleError> {
    again(|| socket.send(topic, zmq::SNDMORE))
        .and_then(|()| again(|| socket.send(payload, 0)))
        .doing("publish")
}

pub(super) fn subscribe(worker: &mut Worker, endpoints: &[String]) -> Result<(), RoleError> {
    let context = Context::new();
    let socket = context.socket(zmq::SUB).doing("open the SUB socket")?;
    socket
        .set_rcvhwm(HIGH_WATER_MARK)
        .doing("set the high-water mark")?;
    socket
        .set_rcvtimeo(LOOK_UP_MS)
        .doing("set the receive limit")?;
    socket.set_subscribe(b"").doing("subscribe")?;
    for endpoint in endpoints {
        socket.connect(endpoint).doing("connect the SUB socket")?;
    }
    let mut last = Instant::now();
    loop {
        match again(|| socket.recv_multipart(0)) {
            Ok(frames) => {
                last = Instant::now();
                match frames.as_slice() {
                    [topic, _] if topic == WARM_UP => worker.ready(),
                    [_, payload] => worker.process(payload)?,
                    _ => return Err(RoleError::Frames(frames.len())),
                }
            }
            Err(zmq::Error::EAGAIN) => {
                let gone = worker.publisher_gone();
                if gone.is_some_and(|gone| gone.max(last).elapsed() >= QUIET) {
                    return Ok(());
                }
            }
            Err(error) => return Err(error).doing("receive"),
        }
    }
}

/// A signal interrupts blocking calls; none of them means anything here.
fn again<T>(mut call: impl FnMut() -> zmq::Result<T>) -> zmq::Result<T> {
    loop {
        match call() {
            Err(zmq::Error::EINTR) => {}
            done => return done,
        }
    }
}
