//! The two sockets of one publisher, as the receive thread holds them.

use super::state::LinkState;
use crate::entropy;
use crate::error::DeliveryError;
use crate::receive::{self, Incoming, Message};
use bytes::Bytes;
use linger_ack_proto::{EndReason, SubscriberEvent};
use linger_registry::Socket;
use linger_registry::zmq::{self, DONTWAIT};
use std::time::Instant;

/// How many messages, or about how many bytes, are taken in before the application is told.
const BURST: usize = 256;
const BURST_BYTES: usize = 256 << 10;

pub(super) struct Sockets {
    pub(super) endpoint: String,
    pub(super) sub: Socket,
    pub(super) dealer: Socket,
    private_topic: Vec<u8>,
    /// A frame that the DEALER did not take.
    refused: Option<Bytes>,
    incoming: Incoming,
    control: Vec<Bytes>,
    /// What is to be told, once no lock is held.
    news: Vec<SubscriberEvent>,
}

/// What came of a step.
pub(super) struct Step {
    /// Something happened that is to be told.
    pub(super) has_events: bool,
    /// There may be more data to read.
    pub(super) has_more: bool,
}

impl Sockets {
    pub(super) fn new(endpoint: String, sub: Socket, dealer: Socket, private: Vec<u8>) -> Self {
        Self {
            endpoint,
            sub,
            dealer,
            private_topic: private,
            refused: None,
            incoming: Incoming::default(),
            control: Vec::new(),
            news: Vec::new(),
        }
    }

    /// Hands the sockets back. Once the publisher has confirmed, nothing that is queued matters.
    pub(super) fn end(self, reason: Option<EndReason>) {
        if reason == Some(EndReason::Confirmed) {
            self.dealer.discard();
            self.sub.discard();
        }
    }

    /// Whether a frame waits until the DEALER can take it.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Reads a burst of the DEALER. True if there may be more.
    pub(super) fn read_control(&mut self) -> zmq::Result<bool> {
        while let Some(frame) = receive::frame(&self.dealer)? {
            // A frame with others after it is none of ours; what follows is as broken.
            self.control.push(Bytes::copy_from_slice(&frame));
            if self.control.len() >= BURST {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Feeds the machine a burst of the SUB. True if there may be more.
    fn read_data(&mut self, now: Instant, state: &mut LinkState) -> zmq::Result<bool> {
        let machine = &mut state.machine;
        let (mut count, mut bytes) = (0, 0);
        // One frame may hold many messages.
        let before = machine.pending();
        while count.max(machine.pending() - before) < BURST && bytes < BURST_BYTES {
            let has_more = self.incoming.read(&self.sub, BURST - count)?;
            self.incoming.take(|message| {
                count += 1;
                match message {
                    Message::Whole(first, payload) => {
                        bytes += payload.as_ref().map_or(0, Bytes::len);
                        machine.handle_data(now, first, payload);
                    }
                    Message::Bare(topic, payload, trailer) => {
                        bytes += payload.len();
                        machine.handle_bare(now, topic, payload, trailer);
                    }
                    // The machine counts it among the broken ones.
                    Message::Odd => machine.handle_data(now, &[], None),
                }
            });
            if !has_more {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Feeds the machine what was read and, if it is wanted, a burst of data, and does what the
    /// machine says.
    pub(super) fn step(
        &mut self,
        now: Instant,
        state: &mut LinkState,
        takes_data: bool,
    ) -> zmq::Result<Step> {
        for frame in self.control.drain(..) {
            state.machine.handle_control(now, &frame);
        }
        let has_more = takes_data && self.read_data(now, state)?;
        if std::mem::take(&mut state.leave) {
            state.machine.leave(now);
        }
        state.machine.handle_timeout(now);
        let mut has_events = false;
        while let Some(event) = state.machine.poll_event() {
            has_events = true;
            self.react(now, state, &event)?;
            self.news.push(event);
        }
        self.transmit(state)?;
        Ok(Step {
            has_events,
            has_more,
        })
    }

    /// What happened since the last call.
    pub(super) fn take_news(&mut self) -> Vec<SubscriberEvent> {
        std::mem::take(&mut self.news)
    }

    fn react(
        &mut self,
        now: Instant,
        state: &mut LinkState,
        event: &SubscriberEvent,
    ) -> zmq::Result<()> {
        match event {
            SubscriberEvent::Rejoin => self.rejoin(now, state)?,
            SubscriberEvent::Subscribe { prefix } => self.sub.set_subscribe(prefix)?,
            SubscriberEvent::Unsubscribe { prefix } => self.sub.set_unsubscribe(prefix)?,
            SubscriberEvent::EndOfStream => state.end_of_stream = true,
            SubscriberEvent::Ended { reason } => {
                state.ended = Some(*reason);
                let publisher = self.endpoint.clone();
                state.error = match reason {
                    EndReason::Superseded => Some(DeliveryError::Superseded { publisher }),
                    EndReason::Incomplete => Some(DeliveryError::Incomplete { publisher }),
                    _ => None,
                };
            }
            _ => {}
        }
        Ok(())
    }

    /// A new identity: the SUB hears its private topic before the publisher is told of it.
    fn rejoin(&mut self, now: Instant, state: &mut LinkState) -> zmq::Result<()> {
        // The generator was opened when the subscriber was, and does not go away.
        let identity = entropy::identity().map_err(|_| zmq::Error::ENODEV)?;
        state.end_of_stream = false;
        state.is_leaving = false;
        state.machine.rejoin(now, identity);
        let private_topic = state.machine.private_topic();
        self.sub.set_subscribe(&private_topic)?;
        self.sub.set_unsubscribe(&self.private_topic)?;
        self.private_topic = private_topic;
        state.machine.handle_timeout(now);
        Ok(())
    }

    fn transmit(&mut self, state: &mut LinkState) -> zmq::Result<()> {
        loop {
            let next = self.refused.take();
            let next = next.or_else(|| state.machine.poll_transmit().map(|next| next.frame));
            let Some(frame) = next else { return Ok(()) };
            match self.dealer.send(&frame[..], DONTWAIT) {
                Ok(()) => {}
                Err(zmq::Error::EINTR) => self.refused = Some(frame),
                Err(zmq::Error::EAGAIN) => {
                    self.refused = Some(frame);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }
}
