//! Messages of one topic that wait to travel together (SPEC D5).
//!
//! What waits was accepted and is retained; so if it is lost on the way, it is repaired as any
//! other. Batches are closed in the order in which they were opened, unless one is full before.

use super::Publisher;
use super::number::TopicNumber;
use super::send::Published;
use crate::config::Batching;
use crate::planted::{Bug, planted};
use crate::wire::{BatchEnvelope, Envelope, MEMBER_OVERHEAD, push_member};
use bytes::Bytes;
use std::collections::VecDeque;
use std::mem;
use std::time::Instant;

/// How many batches are open at most; the oldest one gives way to one more.
const OPEN: usize = 64;

/// How many buffers are kept for the next batches.
const SPARE: usize = 4;

/// One data message of a publisher that batches, as the driver is to send it.
///
/// Two frames, the envelope and the payload; with
/// [`bare_topics`](crate::PublisherConfig::bare_topics) three: the topic, the payload, the envelope,
/// which then is the trailer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// The topic.
    pub topic: Bytes,
    /// The envelope, or the trailer.
    pub envelope: Vec<u8>,
    /// The payload.
    pub payload: Vec<u8>,
}

/// What waits for company, and what does no more.
#[derive(Debug, Default)]
pub(super) struct Batches {
    /// In the order in which they were opened.
    open: VecDeque<Open>,
    /// Which of them a message was added to last.
    current: usize,
    /// To be sent, in this order.
    ready: VecDeque<Frames>,
    spare: Vec<Frames>,
}

/// A batch that takes more messages.
#[derive(Debug)]
struct Open {
    number: u32,
    first: u64,
    count: u32,
    due: Instant,
    frames: Frames,
}

impl Batches {
    /// When the oldest one is to be sent.
    pub(super) fn due(&self) -> Option<Instant> {
        self.open.front().map(|open| open.due)
    }

    /// Which batch takes messages of this topic; the last one that did is looked at first.
    fn find(&self, number: u32) -> Option<usize> {
        let is_it = |open: &Open| open.number == number;
        match self.open.get(self.current).is_some_and(is_it) {
            true => Some(self.current),
            false => self.open.iter().position(is_it),
        }
    }
}

impl Publisher {
    /// Adds a message to the batch that the last one was added to, if it is of the same topic.
    ///
    /// For hot paths: this needs no clock, and looks nothing up. What it says is as of
    /// [`publish`](Self::publish), and nothing is to be sent but what
    /// [`take_frames`](Self::take_frames) gives. `None`: there is no such batch, or this takes more
    /// thought; then [`publish`](Self::publish) it.
    pub fn append(&mut self, topic: &[u8], payload: &Bytes) -> Option<Published> {
        self.append_if(payload, |open| open.frames.topic == topic)
    }

    /// As [`append`](Self::append), on a topic whose number [`topic`](Self::topic) has told.
    pub fn append_to(&mut self, topic: TopicNumber, payload: &Bytes) -> Option<Published> {
        self.append_if(payload, |open| open.number == topic.0)
    }

    fn append_if(
        &mut self,
        payload: &Bytes,
        is_it: impl FnOnce(&Open) -> bool,
    ) -> Option<Published> {
        let batching = self.config.batching?;
        let at = self.batches.current;
        let open = self.batches.open.get(at)?;
        let len = payload.len();
        let fits = is_it(open) && open.fits(&batching, len);
        let is_taken = self.closing.is_none() && len as u64 <= self.config.max_payload;
        if !fits || !is_taken || !self.window.has_room(len as u64) {
            return None;
        }
        let number = open.number;
        let topic = self.topics.get_mut(number)?;
        let is_owed = topic.is_owed();
        // A timer that is not set yet needs the time.
        if is_owed && self.scan_at.is_none() {
            return None;
        }
        let sequence = topic.next;
        topic.next += 1;
        self.note_accepted(is_owed);
        if is_owed && !planted(Bug::BatchNotRetained) {
            // SPEC D3: retained before it is sent.
            self.retain(number, sequence, payload.clone());
        }
        self.add_to(at, &batching, payload);
        Some(Published {
            number,
            sequence,
            settle: self.window.sent(),
            is_batched: true,
        })
    }

    /// Has a message that was accepted wait for company; false if it goes alone, now.
    ///
    /// What is to be sent before it, or with it, is ready then.
    pub(super) fn batch(
        &mut self,
        now: Instant,
        number: u32,
        sequence: u64,
        payload: &[u8],
    ) -> bool {
        let Some(batching) = self.config.batching else {
            return false;
        };
        let mut at = self.batches.find(number);
        let fits = |open: &Open| open.fits(&batching, payload.len());
        if let Some(full) = at.take_if(|at| !self.batches.open.get(*at).is_some_and(fits)) {
            self.close_batch(full);
        }
        if !batching.takes(payload.len()) {
            return false;
        }
        let at = match at {
            Some(at) => at,
            None => self.open_batch(now + batching.delay, number, sequence),
        };
        self.add_to(at, &batching, payload);
        true
    }

    fn add_to(&mut self, at: usize, batching: &Batching, payload: &[u8]) {
        let Some(open) = self.batches.open.get_mut(at) else {
            return;
        };
        push_member(payload, &mut open.frames.payload);
        open.count += 1;
        self.batches.current = at;
        // Whatever has no room for a small one is full.
        if open.count >= batching.messages || !open.fits(batching, 0) {
            self.close_batch(at);
        }
    }

    fn open_batch(&mut self, due: Instant, number: u32, first: u64) -> usize {
        if self.batches.open.len() >= OPEN {
            self.close_batch(0);
        }
        let mut frames = self.batches.spare.pop().unwrap_or_default();
        if let Some(topic) = self.topics.get(number) {
            frames.topic = topic.name.clone();
        }
        self.batches.open.push_back(Open {
            number,
            first,
            count: 0,
            due,
            frames,
        });
        self.batches.open.len() - 1
    }

    fn close_batch(&mut self, at: usize) {
        let Some(open) = self.batches.open.remove(at) else {
            return;
        };
        let Open {
            number,
            mut first,
            mut count,
            mut frames,
            ..
        } = open;
        if planted(Bug::BatchFirstOffByOne) && count > 1 {
            first += 1;
        }
        let Frames {
            topic,
            envelope,
            payload,
        } = &mut frames;
        let tag = self.epoch.tag();
        if count == 1 {
            // Alone it goes as any other message does.
            payload.drain(..MEMBER_OVERHEAD.min(payload.len()));
            let alone = Envelope {
                topic,
                tag,
                number,
                sequence: first,
            };
            match self.config.bare_topics {
                true => alone.encode_trailer(envelope),
                false => alone.encode(envelope),
            }
        } else {
            if planted(Bug::BatchLastForgotten) && count > 2 {
                count -= 1;
                payload.truncate(end_of(payload, count));
            }
            let batch = BatchEnvelope {
                topic,
                tag,
                number,
                first,
                count,
            };
            match self.config.bare_topics {
                true => batch.encode_trailer(envelope),
                false => batch.encode(envelope),
            }
        }
        self.batches.ready.push_back(frames);
    }

    /// Whatever is open is to be sent, the oldest first.
    pub(super) fn close_batches(&mut self) {
        while !self.batches.open.is_empty() {
            self.close_batch(0);
        }
    }

    /// Whatever has waited long enough is to be sent.
    pub(super) fn close_batches_due(&mut self, now: Instant) {
        while self.batches.due().is_some_and(|due| due <= now) {
            self.close_batch(0);
        }
    }

    /// The next batch that is to be sent, in exchange for one that was; false if there is none.
    ///
    /// After each [`publish`](Self::publish) and [`append`](Self::append), however it ended, call
    /// this until it says false, and send each before the message itself. It does what
    /// [`Transmit::Batch`](crate::Transmit::Batch) does, without allocating: `frames` is the room
    /// for a later batch.
    pub fn take_frames(&mut self, frames: &mut Frames) -> bool {
        let Some(mut ready) = self.batches.ready.pop_front() else {
            return false;
        };
        mem::swap(frames, &mut ready);
        if self.batches.spare.len() < SPARE {
            ready.topic = Bytes::new();
            ready.envelope.clear();
            ready.payload.clear();
            self.batches.spare.push(ready);
        }
        true
    }

    pub(super) fn next_ready(&mut self) -> Option<Frames> {
        self.batches.ready.pop_front()
    }
}

/// Where so many messages of a batch end.
fn end_of(payload: &[u8], count: u32) -> usize {
    let mut at = 0;
    for _ in 0..count {
        let len = payload.get(at..).and_then(<[u8]>::first_chunk);
        at += len.map_or(0, |len| u32::from_be_bytes(*len) as usize) + MEMBER_OVERHEAD;
    }
    at
}

impl Open {
    fn fits(&self, batching: &Batching, len: usize) -> bool {
        batching.takes(self.frames.payload.len() + len)
    }
}

impl Batching {
    /// Whether a batch can have a payload of so many bytes, and the length of another message.
    fn takes(&self, len: usize) -> bool {
        len + MEMBER_OVERHEAD <= self.bytes as usize
    }
}
