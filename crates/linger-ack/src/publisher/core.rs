//! What the callers and the control thread share: the machine and the PUB socket, one mutex.

use crate::wake::Waker;
use bytes::Bytes;
use linger_ack_proto::{
    Frames, PublishError, Publisher as Machine, PublisherReport, Quorum, TopicNumber, Transmit,
};
use linger_registry::zmq::{self, SNDMORE};
use linger_registry::{Registry, Socket};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many frames are said in one go; the longest, of END for many topics, have some 30 KiB.
const BATCH: usize = 64;

pub(super) struct Shared {
    /// When it was opened.
    pub(super) opened: Instant,
    pub(super) name: String,
    pub(super) data_endpoint: String,
    pub(super) control_endpoint: String,
    pub(super) core: Mutex<Core>,
    /// There may be room in the window, or the publisher closes.
    pub(super) room: Condvar,
    /// A member came or went, or marks moved, or the report is there.
    pub(super) change: Condvar,
    pub(super) waker: Waker,
    pub(super) patience: Patience,
    /// Tasks that wait, beside the threads.
    #[cfg(feature = "tokio")]
    pub(super) tasks: super::tasks::Tasks,
    /// The registry, if it is this publisher's own and ends with it.
    pub(super) own_registry: Option<Registry>,
}

/// How long messages wait for room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Of a `publish` that does not say.
    pub(super) publish_limit: Duration,
    /// Until whoever holds the window full is evicted; `None`: never.
    pub(super) evict_after: Option<Duration>,
}

/// Every call on the PUB socket holds the mutex around this: two threads may not use a socket at
/// once, not even one of them to poll it. Nothing is logged under it: a log can block.
pub(super) struct Core {
    pub(super) machine: Machine,
    /// The PUB socket, until the close.
    pub(super) data: Option<Socket>,
    envelope: Vec<u8>,
    /// Small messages of one topic travel together.
    batches: bool,
    /// The batch that was sent last; the next one is written in its room.
    frames: Frames,
    /// Topics stand in a frame of their own, and the envelope comes last (SPEC D2).
    bare_topics: bool,
    /// When a message that had to wait last found room.
    pub(super) fed: Option<Instant>,
    /// Control frames that a caller's doing has made; the thread sends them.
    pub(super) control: Vec<(Bytes, Bytes)>,
    pub(super) closing: Option<Closing>,
    /// How many callers wait for a flush.
    pub(super) flushes: usize,
    pub(super) report: Option<Arc<PublisherReport>>,
    /// When the control thread will look next by itself; `None`: not before it is woken.
    pub(super) thread_wakes: Option<Instant>,
    /// The control thread has handed its socket back.
    pub(super) has_thread_ended: bool,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Destination<'a> {
    /// To the topic of this name.
    Name(&'a [u8]),
    /// To the topic of this number, whose name that is.
    Number(TopicNumber, &'a [u8]),
}

impl<'a> Destination<'a> {
    pub(super) fn topic(self) -> &'a [u8] {
        match self {
            Self::Name(topic) | Self::Number(_, topic) => topic,
        }
    }
}

/// A close that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Closing {
    pub(super) deadline: Instant,
    pub(super) quorum: Quorum,
}

impl Core {
    pub(super) fn new(machine: Machine, data: Socket, bare_topics: bool, batches: bool) -> Self {
        Self {
            machine,
            data: Some(data),
            envelope: Vec::with_capacity(64),
            batches,
            frames: Frames::default(),
            bare_topics,
            fed: None,
            control: Vec::new(),
            closing: None,
            flushes: 0,
            report: None,
            thread_wakes: None,
            has_thread_ended: false,
        }
    }

    pub(super) fn publish(
        &mut self,
        now: Instant,
        to: Destination<'_>,
        payload: &Bytes,
    ) -> Result<u64, PublishError> {
        let (None, Some(data)) = (&self.closing, &self.data) else {
            let topic = Bytes::copy_from_slice(to.topic());
            return Err(PublishError::Closed(linger_ack_proto::Message {
                topic,
                payload: payload.clone(),
            }));
        };
        let (machine, envelope) = (&mut self.machine, &mut self.envelope);
        let retained = payload.clone();
        let sent = match to {
            Destination::Name(topic) => machine.publish(now, topic, retained, envelope),
            Destination::Number(number, _) => machine.publish_to(now, number, retained, envelope),
        };
        // Also those that a message without room has closed.
        send_ready(machine, &mut self.frames, data, self.bare_topics);
        let sent = sent?;
        if sent.is_batched {
            if sent.settle {
                settle(data);
            }
            return Ok(sent.sequence);
        }
        // What is retained is accepted: if this fails, it is repaired, or named in the report.
        let _ = match self.bare_topics {
            true => send_all(data, [to.topic(), payload, &self.envelope]),
            false => send_all(data, [&self.envelope, payload]),
        };
        if sent.settle {
            settle(data);
        }
        Ok(sent.sequence)
    }

    /// Adds a message to the batch that the last one was added to. `None` if it takes more than
    /// that: then [`publish`](Self::publish) it.
    pub(super) fn append(&mut self, to: Destination<'_>, payload: &Bytes) -> Option<u64> {
        let (true, None, Some(data)) = (self.batches, &self.closing, &self.data) else {
            return None;
        };
        let sent = match to {
            Destination::Name(topic) => self.machine.append(topic, payload),
            Destination::Number(number, _) => self.machine.append_to(number, payload),
        }?;
        send_ready(&mut self.machine, &mut self.frames, data, self.bare_topics);
        if sent.settle {
            settle(data);
        }
        Some(sent.sequence)
    }

    /// Whether a timer was set that the sleeping thread does not know of.
    pub(super) fn is_due_before_thread_wakes(&self) -> bool {
        match (self.machine.poll_timeout(), self.thread_wakes) {
            (Some(due), Some(wakes)) => due < wakes,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Does what the machine asks for: in-band frames now, control frames are put aside.
    ///
    /// Not more than [`BATCH`] of it, as publishers wait for the lock and closers for their
    /// deadline. True if there may be more.
    pub(super) fn transmit(&mut self) -> bool {
        for _ in 0..BATCH {
            let Some(transmit) = self.machine.poll_transmit() else {
                return false;
            };
            match (transmit, &self.data) {
                (Transmit::Settle, Some(data)) => settle(data),
                (Transmit::Batch(frames), Some(data)) => {
                    send_batch(data, &frames, self.bare_topics);
                }
                (Transmit::Private { frame }, Some(data)) => {
                    // A marker that is not sent is said again.
                    let _ = send(data, &frame, 0);
                }
                (Transmit::Control { route, frame }, _) => self.control.push((route, frame)),
                (Transmit::Settle | Transmit::Batch(_) | Transmit::Private { .. }, None) => {}
            }
        }
        true
    }
}

impl Shared {
    /// Wakes whoever waits for room, members, marks or the report, to look for itself.
    pub(super) fn announce(&self) {
        // Without waiters this costs an atomic load each.
        self.room.notify_all();
        self.change.notify_all();
    }

    /// As [`announce`](Self::announce), for tasks; not to be called with the lock held, as a waker
    /// may be anybody's code.
    pub(super) fn wake_tasks(&self) {
        #[cfg(feature = "tokio")]
        self.tasks.wake();
    }
}

/// Sends the batches that wait for nothing any more.
fn send_ready(machine: &mut Machine, frames: &mut Frames, data: &Socket, bare_topics: bool) {
    while machine.take_frames(frames) {
        send_batch(data, frames, bare_topics);
    }
}

/// What is lost of it is repaired, or named in the report.
fn send_batch(data: &Socket, frames: &Frames, bare_topics: bool) {
    let Frames {
        topic,
        envelope,
        payload,
    } = frames;
    let _ = match bare_topics {
        true => send_all(data, [topic, payload, envelope]),
        false => send_all(data, [envelope, payload]),
    };
}

/// Sends one message of so many frames.
fn send_all<const N: usize>(socket: &Socket, frames: [&[u8]; N]) -> zmq::Result<()> {
    for (at, frame) in (1..).zip(frames) {
        send(socket, frame, if at < N { SNDMORE } else { 0 })?;
    }
    Ok(())
}

/// Sends one frame on a PUB socket, which never waits for its peers.
fn send(socket: &Socket, frame: &[u8], flags: i32) -> zmq::Result<()> {
    loop {
        match socket.send(frame, flags) {
            Err(zmq::Error::EINTR) => {}
            result => return result,
        }
    }
}

/// Reading the EVENTS makes libzmq process its commands: freed credit, new subscriptions.
fn settle(socket: &Socket) {
    // If the context has ended, the control thread finds out.
    let _ = socket.get_events();
}
