//! PUB and SUB, and the connection between them.
//!
//! As libzmq does it: subscriptions travel, PUB looks at them and at freed credit only when it
//! processes commands, and drops silently what a pipe has no credit for.

use super::Lane;
use crate::schedule::{MS, Time};
use bytes::Bytes;
use linger_ack_proto::wire::{BatchEnvelope, Envelope, Members};
use std::collections::{BTreeSet, VecDeque};

/// A message on the data connection.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) first: Bytes,
    pub(crate) payload: Option<Bytes>,
    /// The last frame, where topics stand bare.
    pub(crate) trailer: Option<Bytes>,
}

impl Frame {
    /// The messages that it holds: topic number, sequence, payload. Of a broken one there are none.
    pub(crate) fn messages(&self) -> Vec<((u32, u64), Bytes)> {
        let Some(payload) = &self.payload else {
            return Vec::new();
        };
        let first = &self.first;
        let (message, batch) = match &self.trailer {
            Some(trailer) => (
                Envelope::decode_bare(first, trailer),
                BatchEnvelope::decode_bare(first, trailer),
            ),
            None => (Envelope::decode(first), BatchEnvelope::decode(first)),
        };
        if let Ok(message) = message {
            return vec![((message.number, message.sequence), payload.clone())];
        }
        let members = |batch: BatchEnvelope<'_>| {
            let members = Members::decode(payload.clone(), batch.count)?;
            let sequences = (batch.first..).map(|sequence| (batch.number, sequence));
            Ok(members
                .zip(sequences)
                .map(|(member, id)| (id, member))
                .collect())
        };
        batch.and_then(members).unwrap_or_default()
    }
}

/// A subscription on its way.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    On(Bytes),
    Off(Bytes),
}

/// What became of a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Nobody asked for it here.
    Filtered,
    /// The pipe is full.
    Dropped,
    /// It is on its way; when it arrives, if it is the next to.
    Going(Option<Time>),
}

#[derive(Debug)]
pub(crate) struct DataLink {
    pub(crate) is_up: bool,
    pub(crate) lane: Lane<Frame>,
    pub(crate) filters: Lane<Filter>,
    /// What SUB asks for now; sent again on each new connection, in ascending order.
    pub(crate) wanted: BTreeSet<Bytes>,
    /// Subscriptions that have arrived and that PUB has not yet looked at.
    arrived: VecDeque<Filter>,
    filter: BTreeSet<Bytes>,
    /// How full the pipe is, as PUB knows.
    known: usize,
    looked: Time,
    /// What SUB holds for its reader.
    pub(crate) inbox: VecDeque<Frame>,
}

impl DataLink {
    pub(crate) fn new(latency: Time) -> Self {
        Self {
            is_up: false,
            lane: Lane::new(latency),
            filters: Lane::new(latency),
            wanted: BTreeSet::new(),
            arrived: VecDeque::new(),
            filter: BTreeSet::new(),
            known: 0,
            looked: 0,
            inbox: VecDeque::new(),
        }
    }

    /// What a new connection says first.
    pub(crate) fn connect(&mut self, now: Time) -> Option<Time> {
        self.is_up = true;
        let mut first = None;
        for prefix in &self.wanted {
            let at = self.filters.send(now, 0, Filter::On(prefix.clone()));
            first = first.or(at);
        }
        first
    }

    /// The connection is over; what was in flight is lost, what SUB already holds is not.
    pub(crate) fn cut(&mut self) -> usize {
        self.is_up = false;
        self.filter.clear();
        self.arrived.clear();
        self.known = 0;
        self.filters.cut();
        self.lane.cut().len()
    }

    /// SUB asks for this too, from now on.
    pub(crate) fn subscribe(&mut self, now: Time, prefix: Bytes) -> Option<Time> {
        let is_new = self.wanted.insert(prefix.clone());
        match is_new && self.is_up {
            true => self.filters.send(now, 0, Filter::On(prefix)),
            false => None,
        }
    }

    /// SUB asks for this no more.
    pub(crate) fn unsubscribe(&mut self, now: Time, prefix: &Bytes) -> Option<Time> {
        let was = self.wanted.remove(prefix);
        match was && self.is_up {
            true => self.filters.send(now, 0, Filter::Off(prefix.clone())),
            false => None,
        }
    }

    /// A subscription has reached PUB's side.
    pub(crate) fn has_arrived(&mut self, filter: Filter) {
        self.arrived.push_back(filter);
    }

    /// PUB processes commands: it sees freed credit and new subscriptions.
    pub(crate) fn settle(&mut self, now: Time) {
        self.looked = now;
        self.known = self.lane.len();
        for change in self.arrived.drain(..) {
            match change {
                Filter::On(prefix) => self.filter.insert(prefix),
                Filter::Off(prefix) => self.filter.remove(&prefix),
            };
        }
    }

    /// PUB sends. It processes commands by itself about every millisecond.
    pub(crate) fn send(&mut self, now: Time, jitter: Time, hwm: usize, frame: &Frame) -> Sent {
        if now >= self.looked + MS {
            self.settle(now);
        }
        if !self.is_up || !matches(&self.filter, &frame.first) {
            return Sent::Filtered;
        }
        if self.known >= hwm {
            return Sent::Dropped;
        }
        self.known += 1;
        Sent::Going(self.lane.send(now, jitter, frame.clone()))
    }

    /// The next message that SUB gives to its reader: SUB filters too.
    pub(crate) fn read(&mut self) -> Option<Frame> {
        loop {
            let frame = self.inbox.pop_front()?;
            if matches(&self.wanted, &frame.first) {
                return Some(frame);
            }
        }
    }
}

fn matches(prefixes: &BTreeSet<Bytes>, first: &[u8]) -> bool {
    prefixes.iter().any(|prefix| first.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: &'static [u8]) -> Frame {
        Frame {
            first: Bytes::from_static(first),
            payload: None,
            trailer: None,
        }
    }

    #[test]
    fn a_subscription_counts_once_pub_has_looked_at_it() {
        let mut link = DataLink::new(1);
        link.subscribe(0, Bytes::from_static(b"a"));
        assert_eq!(link.connect(0), Some(1));
        let filter = link.filters.arrive(1).expect("it arrives");
        link.has_arrived(filter);
        assert_eq!(link.send(1, 0, 9, &frame(b"ab")), Sent::Filtered);
        link.settle(1);
        assert_eq!(link.send(1, 0, 9, &frame(b"ab")), Sent::Going(Some(2)));
        assert_eq!(link.send(1, 0, 9, &frame(b"b")), Sent::Filtered);
    }

    #[test]
    fn credit_that_was_freed_is_seen_late() {
        let mut link = DataLink::new(1);
        link.subscribe(0, Bytes::new());
        link.connect(0);
        let filter = link.filters.arrive(1).expect("it arrives");
        link.has_arrived(filter);
        link.settle(1);
        assert_eq!(link.send(1, 0, 1, &frame(b"a")), Sent::Going(Some(2)));
        assert!(link.lane.arrive(2).is_some());
        assert_eq!(link.send(2, 0, 1, &frame(b"a")), Sent::Dropped);
        link.settle(2);
        assert_ne!(link.send(2, 0, 1, &frame(b"a")), Sent::Dropped);
    }
}
