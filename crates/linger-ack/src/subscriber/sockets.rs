//! The two sockets of one publisher, as the receive thread holds them.

use super::state::LinkState;
use crate::entropy;
use crate::error::DeliveryError;
use crate::receive::{self, Incoming};
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
    data: Vec<Incoming>,
    control: Vec<Bytes>,
    /// What is to be told, once no lock is held.
    news: Vec<SubscriberEvent>,
}

impl Sockets {
    pub(super) fn new(endpoint: String, sub: Socket, dealer: Socket, private: Vec<u8>) -> Self {
        Self {
            endpoint,
            sub,
            dealer,
            private_topic: private,
            refused: None,
            data: Vec::with_capacity(BURST),
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

    /// Reads a burst of each socket. True if there may be more.
    pub(super) fn read(&mut self, takes_data: bool) -> zmq::Result<bool> {
        let mut has_more = false;
        while let Some(frame) = receive::frame(&self.dealer)? {
            // A frame with others after it is none of ours; what follows is as broken.
            self.control.push(Bytes::copy_from_slice(&frame));
            if self.control.len() >= BURST {
                has_more = true;
                break;
            }
        }
        Ok(has_more | (takes_data && self.read_data()?))
    }

    fn read_data(&mut self) -> zmq::Result<bool> {
        let mut bytes = 0;
        while let Some(message) = receive::message(&self.sub)? {
            bytes += message.payload_len();
            self.data.push(message);
            if self.data.len() >= BURST || bytes >= BURST_BYTES {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Feeds the machine what was read, and does what it says. True if there is something to tell.
    pub(super) fn step(&mut self, now: Instant, state: &mut LinkState) -> zmq::Result<bool> {
        let before = state.machine.pending();
        for frame in self.control.drain(..) {
            state.machine.handle_control(now, &frame);
        }
        for message in self.data.drain(..) {
            match message {
                Incoming::Whole(first, payload) => state.machine.handle_data(now, &first, payload),
                Incoming::Bare(topic, payload, trailer) => {
                    state.machine.handle_bare(now, &topic, payload, &trailer);
                }
                // The machine counts it among the broken ones.
                Incoming::Odd => state.machine.handle_data(now, &[], None),
            }
        }
        if std::mem::take(&mut state.leave) {
            state.machine.leave(now);
        }
        state.machine.handle_timeout(now);
        let mut news = state.machine.pending() > before;
        while let Some(event) = state.machine.poll_event() {
            news = true;
            self.react(now, state, &event)?;
            self.news.push(event);
        }
        self.transmit(state)?;
        Ok(news)
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
