//! PUB and SUB: close, terminate, and wait for the last message of the last receiver.

use super::load::{AMPLE, Applications, Load, RECEIVE_MARK, TOPIC, is_next, payload};
use crate::bench::BenchError;
use linger::zmq::{self, SNDMORE};
use std::time::{Duration, Instant};

/// From the close to the last of: the end of the context, the last message of each receiver.
pub(super) fn stop(load: Load) -> Result<Duration, BenchError> {
    let mut applications = Applications::default();
    let context = zmq::Context::new();
    // To see when all have subscribed; from then on it is what PUB is.
    let publisher = context.socket(zmq::XPUB)?;
    publisher.set_xpub_verbose(true)?;
    publisher.set_sndhwm(load.send_mark())?;
    publisher.set_rcvtimeo(millis(AMPLE))?;
    publisher.bind("tcp://127.0.0.1:*")?;
    let endpoint = publisher.get_last_endpoint()?.unwrap_or_default();
    for _ in 0..load.subscribers {
        let receiver = Receiver::new(&endpoint)?;
        applications.add(move |hold| {
            let mut sequences = load.sequences();
            receiver.receive(sequences.next())?;
            hold.has_it();
            hold.gate.pass();
            receiver.receive(sequences)?;
            hold.has_it();
            hold.exit.pass();
            Ok(())
        })?;
    }
    for _ in 0..load.subscribers {
        publisher.recv_bytes(0)?;
    }
    let mut sequences = load.sequences();
    send(&publisher, sequences.next())?;
    applications.told()?;
    send(&publisher, sequences)?;

    let begun = Instant::now();
    applications.release();
    // Whatever is queued is to go out, however long that takes.
    publisher.set_linger(-1)?;
    drop(publisher);
    // The last clone: this terminates, and waits for the end of the socket.
    drop(context);
    let ended = Instant::now();
    let last = applications.told()?.unwrap_or(begun);
    Ok(last.max(ended) - begun)
}

fn send(
    publisher: &zmq::Socket,
    sequences: impl IntoIterator<Item = u32>,
) -> Result<(), BenchError> {
    for sequence in sequences {
        publisher.send(TOPIC, SNDMORE)?;
        publisher.send(&payload(sequence)[..], 0)?;
    }
    Ok(())
}

struct Receiver {
    socket: zmq::Socket,
    // After its socket: it would wait for it.
    _context: zmq::Context,
}

impl Receiver {
    fn new(endpoint: &str) -> Result<Self, BenchError> {
        let context = zmq::Context::new();
        let socket = context.socket(zmq::SUB)?;
        socket.set_rcvhwm(RECEIVE_MARK.into())?;
        socket.set_rcvtimeo(millis(AMPLE / 2))?;
        socket.set_subscribe(TOPIC.as_bytes())?;
        socket.connect(endpoint)?;
        Ok(Self {
            socket,
            _context: context,
        })
    }

    fn receive(&self, sequences: impl IntoIterator<Item = u32>) -> Result<(), BenchError> {
        let (mut topic, mut payload) = (zmq::Message::new(), zmq::Message::new());
        for sequence in sequences {
            match self.socket.recv(&mut topic, 0) {
                Err(zmq::Error::EAGAIN) => {
                    let what = format!("message {sequence} did not come");
                    return Err(BenchError::Lost(what));
                }
                received => received?,
            }
            self.socket.recv(&mut payload, 0)?;
            is_next(&payload, sequence)?;
        }
        Ok(())
    }
}

fn millis(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
}
