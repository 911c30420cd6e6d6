//! What a subscriber is handed, says, tells, and gives to its application.

use super::super::World;
use super::Held;
use crate::faults::Fault;
use crate::invariants::{Invariant, acks, end_of_stream, ensure, forward, in_order};
use crate::ledger::{Ledger, Period, Session};
use crate::network::Frame;
use crate::payload::Tag;
use bytes::Bytes;
use linger_ack_proto::wire::{InBand, ToPublisher, ToSubscriber, split_private};
use linger_ack_proto::{Delivery, Item, SequenceRange, SubscriberEvent};

impl World {
    /// A subscriber is handed a frame of DEALER.
    pub(in crate::world) fn watch_told(&mut self, at: usize, frame: &Bytes) {
        let Ok((header, body)) = ToSubscriber::decode(frame) else {
            return;
        };
        let session = self.session_of(at);
        let epoch = self.ledger.epoch(header.epoch);
        let (Some(epoch), true) = (epoch, self.ledger.sessions[session].id == header.session)
        else {
            return;
        };
        match body {
            ToSubscriber::Repair(repair) => self.note_handed(session, &repair.payload),
            ToSubscriber::Gone(range) => {
                let Some(&topic) = self.ledger.epochs[epoch].numbers.get(&range.number) else {
                    return;
                };
                let written = &mut self.ledger.sessions[session];
                for sequence in range.first..=range.last {
                    let Some(taken) = written.taken(epoch, topic, sequence) else {
                        return;
                    };
                    if !taken.received.has(sequence) {
                        taken.gone.insert(sequence);
                        taken.received.add(sequence);
                        taken.processed.add(sequence);
                    }
                }
            }
            _ => {}
        }
    }

    /// A subscriber is handed a message of SUB.
    pub(in crate::world) fn watch_data(&mut self, at: usize, frame: &Frame) {
        let session = self.session_of(at);
        if frame.payload.is_some() {
            for (_, payload) in frame.messages() {
                self.note_handed(session, &payload);
            }
            return;
        }
        let Some((nonce, body)) = split_private(&frame.first) else {
            return;
        };
        if let Ok((epoch, InBand::Welcome(welcome))) = InBand::decode(&body) {
            let (epoch, part) = (self.ledger.epoch(epoch), welcome.part);
            let session = &mut self.ledger.sessions[session];
            if let (Some(epoch), true) = (epoch, session.nonce == nonce) {
                session.note_welcome(epoch, welcome.number, part.index, part.count);
            }
        }
    }

    fn note_handed(&mut self, session: usize, payload: &Bytes) {
        let Some((epoch, topic, sequence)) = places(payload) else {
            return;
        };
        if let Some(taken) = self.ledger.sessions[session].taken(epoch, topic, sequence) {
            taken.received.add(sequence);
        }
    }

    /// A subscriber has made a frame.
    pub(in crate::world) fn watch_said(&mut self, at: usize, frame: &Bytes) {
        let session = self.session_of(at);
        let Ok((header, serial, body)) = ToPublisher::decode(frame) else {
            return self.judge(Invariant::Acks, Err(format!("s{at} made a broken frame")));
        };
        let now = self.now;
        self.trace.line(now, || {
            format!("s{at} -> {}", super::super::describe::up(&body))
        });
        // What was made before a session was lost is sent after it.
        let Some(session) = self.ledger.session(header.session).or(Some(session)) else {
            return;
        };
        let written = &mut self.ledger.sessions[session];
        let result = forward::serial(written, serial);
        self.judge(Invariant::Forward, result);
        match &body {
            ToPublisher::Hello(hello) => {
                self.ledger.sessions[session].prefixes = hello.prefixes.clone();
            }
            ToPublisher::Subscribe(change) | ToPublisher::Unsubscribe(change) => {
                let adds = matches!(body, ToPublisher::Subscribe(_));
                let asked = (adds, change.prefixes.clone());
                let changes = &mut self.ledger.sessions[session].changes;
                changes.insert(change.number, asked);
            }
            _ => {}
        }
        if let ToPublisher::Ack { marks, .. } | ToPublisher::Bye { marks } = &body {
            let of = &self.ledger.sessions[session];
            let is_final = matches!(body, ToPublisher::Bye { .. });
            let result = acks::said(&self.ledger, of, &header, marks).and_then(|()| {
                ensure(!is_final || !marks.is_empty() || of.next.is_empty(), || {
                    "BYE names no marks".to_owned()
                })
            });
            self.judge(Invariant::Acks, result);
            let result = forward::marks(&mut self.ledger.sessions[session], marks);
            self.judge(Invariant::Forward, result);
        }
    }

    /// An application is given something; what is new was queued in that session.
    pub(in crate::world) fn watch_item(&mut self, at: usize, item: Item) -> Option<Held> {
        let result = match item {
            Item::Message(delivery) => match self.given(at, &delivery) {
                Ok((session, topic)) => return Some((session, topic, delivery)),
                Err(what) => Err(what),
            },
            Item::Gone { topic, range } => self.missed(at, &topic, range),
            _ => Ok(()),
        };
        self.judge(Invariant::InOrder, result);
        None
    }

    fn given(&mut self, at: usize, delivery: &Delivery) -> Result<(usize, usize), String> {
        let (id, payload) = (delivery.id, &delivery.payload);
        let tag = Tag::decode(payload).ok_or("a message that nobody published")?;
        let (epoch, topic, sequence) = places(payload).ok_or("a message that nobody published")?;
        let written = self.ledger.epochs.get(epoch);
        let was = written.is_some_and(|written| sequence <= written.len(topic));
        if !was {
            return Err(format!("{tag:?} was never published"));
        }
        let host = &mut self.subscribers[at];
        let generation = usize::try_from(id.generation).unwrap_or(usize::MAX);
        let place = host.sessions.get(generation).copied();
        let place = place.ok_or("a message of a session to come")?;
        let session = &mut self.ledger.sessions[place];
        if !session.is_in(epoch) {
            return Err(format!("{tag:?} before WELCOME, or of another epoch"));
        }
        let was = session.attempts.insert((topic, sequence), delivery.attempt);
        if delivery.attempt > 1 {
            host.again = host.again.saturating_sub(1);
            in_order::again(&tag, was, delivery.attempt)?;
            return Ok((place, topic));
        }
        let queued = host.queued.pop_front();
        ensure(queued == Some(place), || {
            format!("{tag:?} of session {place}, queued in {queued:?}")
        })?;
        let next = session.next.insert(topic, sequence + 1);
        let before = host.next.insert((epoch, topic), sequence + 1);
        let periods = session
            .periods()
            .map_or(&[][..], |periods| periods.of(topic));
        in_order::message(periods, next, &tag, &id)?;
        let is_welcomed = session.welcomed.and_then(|key| session.welcomes.get(&key));
        let is_welcomed = is_welcomed.is_some_and(|periods| !periods.of(topic).is_empty());
        if let (None, Some(before), true) = (next, before, is_welcomed) {
            let is_durable = self.plan.config.is_durable(&host.config.name);
            let (ledger, sessions) = (&self.ledger, &host.sessions);
            let former = former_periods(ledger, sessions, place, epoch, topic);
            let periods = ledger.sessions[place].periods();
            let periods = periods.map_or(&[][..], |periods| periods.of(topic));
            in_order::resumed(before, &tag, former, periods, is_durable)?;
        }
        Ok((place, topic))
    }

    fn missed(&mut self, at: usize, name: &Bytes, range: SequenceRange) -> Result<(), String> {
        let now = self.now;
        self.trace
            .line(now, || format!("s{at} is told that {range} is gone"));
        let topic = self.plan.topics.iter().position(|topic| topic == name);
        let topic = topic.ok_or("a topic that nobody published")?;
        let host = &mut self.subscribers[at];
        let place = host
            .queued
            .pop_front()
            .ok_or("gone, and nothing was queued")?;
        let session = &mut self.ledger.sessions[place];
        let (epoch, _) = session.welcomed.ok_or("gone before WELCOME")?;
        let before = host.next.insert((epoch, topic), range.last() + 1);
        let first = session
            .periods()
            .and_then(|periods| periods.of(topic).first());
        let is_owed = first.is_some_and(|period| range.last() >= period.base);
        let next = session.next.get(&topic).copied();
        let next = next.or_else(|| first.map(|period| period.base).filter(|_| is_owed));
        if is_owed {
            session.next.insert(topic, range.last() + 1);
        }
        let is_durable = self.plan.config.is_durable(&host.config.name);
        let former = former_periods(&self.ledger, &host.sessions, place, epoch, topic);
        in_order::gone(range, next, before, former, is_durable)
    }

    /// A subscriber's machine tells something.
    pub(in crate::world) fn watch_told_event(&mut self, at: usize, event: &SubscriberEvent) {
        let session = self.session_of(at);
        let written = &self.ledger.sessions[session];
        match event {
            SubscriberEvent::EndOfStream => {
                let result = end_of_stream::announced(&self.ledger, written);
                self.judge(Invariant::EndOfStream, result);
            }
            SubscriberEvent::Ended { .. } => {
                let result = forward::not_after_the_end(written, "an end");
                self.judge(Invariant::Forward, result);
                self.ledger.sessions[session].has_ended = true;
            }
            SubscriberEvent::Abandoned { .. } => {
                self.subscribers[at].has_dropped = true;
                self.count(Fault::Abandoned);
            }
            _ => {}
        }
    }
}

/// The periods of a topic in the session of the same process that was before that in the epoch.
fn former_periods<'a>(
    ledger: &'a Ledger,
    sessions: &[usize],
    place: usize,
    epoch: usize,
    topic: usize,
) -> &'a [Period] {
    let mut former = sessions.iter().rev().map(|&of| &ledger.sessions[of]);
    let former = former.find(|of| of.place < place && of.is_in(epoch));
    let periods = former.and_then(Session::periods);
    periods.map_or(&[], |periods| periods.of(topic))
}

/// Which message a payload is: the places of its epoch and topic, and its sequence.
fn places(payload: &Bytes) -> Option<(usize, usize, u64)> {
    let tag = Tag::decode(payload)?;
    let (epoch, topic) = (tag.epoch.try_into().ok()?, tag.topic.try_into().ok()?);
    Some((epoch, topic, tag.sequence))
}
