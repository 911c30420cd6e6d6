//! Who sees what really happens: every frame that is handed over, every message that an
//! application is given. What is seen is written into the ledger, and judged.

use super::World;
use crate::invariants::{
    Invariant, acks, bases, bounded, drained, end_of_stream, forward, in_order,
};
use crate::ledger::Membership;
use crate::payload::Tag;
use bytes::Bytes;
use linger_ack_proto::wire::{InBand, ToPublisher, ToSubscriber, Welcome, split_private};
use linger_ack_proto::{DeliveryId, Event, Item, SubscriberEvent};

/// Whose frame a publisher was just handed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker {
    session: usize,
    /// The number in it, if it is JOINED.
    joined: Option<u64>,
}

/// A delivery that an application holds: its session, its topic, its sequence, its id.
pub(crate) type Held = (usize, usize, u64, DeliveryId);

impl World {
    /// A publisher is handed a frame of ROUTER.
    pub(super) fn watch_heard(&mut self, frame: &Bytes) -> Option<Speaker> {
        let (header, _, body) = ToPublisher::decode(frame).ok()?;
        let session = self.ledger.session(header.session)?;
        let joined = match body {
            ToPublisher::Joined { welcome } => Some(welcome),
            _ => None,
        };
        Some(Speaker { session, joined })
    }

    /// A publisher says something in-band.
    pub(super) fn watch_private(&mut self, at: usize, frame: &Bytes) {
        let Some((nonce, body)) = split_private(frame) else {
            return;
        };
        let Ok((_, body)) = InBand::decode(&body) else {
            return;
        };
        let epoch = self.publishers[at].epoch;
        let session = self.ledger.owner(nonce);
        let entries = match &body {
            InBand::Welcome(welcome) => &welcome.entries,
            InBand::Sync { entries } | InBand::End { entries, .. } => entries,
            _ => return,
        };
        let topics = &self.plan.topics;
        let result = self.ledger.epochs[epoch].learn(topics, entries);
        self.judge(Invariant::Bases, result);
        if let (InBand::Welcome(welcome), Some(session)) = (body, session) {
            self.watch_welcome(epoch, session, &welcome);
        }
    }

    /// The first WELCOME of a number answers the HELLO that was just handed over.
    fn watch_welcome(&mut self, epoch: usize, session: usize, welcome: &Welcome) {
        let written = &self.ledger.epochs[epoch];
        let key = (epoch, welcome.number);
        let lens = self.ledger.sessions[session].welcomes.entry(key);
        let lens = lens.or_insert_with(|| written.lens_now()).clone();
        let of = &self.ledger.sessions[session];
        let result = bases::welcome(written, of, &lens, &self.plan.topics, welcome);
        self.judge(Invariant::Bases, result);
    }

    /// A publisher tells that someone came or went.
    pub(super) fn watch_event(&mut self, at: usize, speaker: Option<Speaker>, event: &Event) {
        let epoch = self.publishers[at].epoch;
        match event {
            Event::Joined { name, .. } => {
                let result = self.join(epoch, speaker, name);
                self.judge(Invariant::Bases, result);
            }
            Event::Departed { name, .. } => {
                let lens = self.ledger.epochs[epoch].lens_now();
                let gone = self.ledger.epochs[epoch].present.remove(name);
                let member = gone.and_then(|gone| self.ledger.sessions[gone].membership.as_mut());
                match member {
                    Some(member) => member.until = Some(lens),
                    None => self.judge(
                        Invariant::Accounted,
                        Err(format!("{name} departed, and was no member")),
                    ),
                }
            }
            _ => {}
        }
    }

    fn join(&mut self, epoch: usize, speaker: Option<Speaker>, name: &str) -> Result<(), String> {
        let joined = speaker.and_then(|speaker| Some((speaker.session, speaker.joined?)));
        let Some((at, number)) = joined else {
            return Err(format!("{name} is a member without JOINED"));
        };
        let session = &mut self.ledger.sessions[at];
        let Some(from) = session.welcomes.get(&(epoch, number)).cloned() else {
            return Err(format!("{name} is a member without WELCOME"));
        };
        let written = &mut self.ledger.epochs[epoch];
        for (topic, name) in self.plan.topics.iter().enumerate() {
            let base = from.get(topic).copied().unwrap_or(0) + 1;
            let mut flushed = written.flushed.iter().map(|(_, by)| by);
            if session.wants(name) && flushed.any(|by| base <= by[topic]) {
                return Err(format!(
                    "{} is owed {base} of topic {topic}, which was flushed",
                    session.name
                ));
            }
        }
        session.membership = Some(Membership {
            epoch,
            from,
            until: None,
        });
        written.members.push(at);
        match written.present.insert(session.name.clone(), at) {
            Some(_) => Err(format!("{name} is a member twice")),
            None => Ok(()),
        }
    }

    /// A publisher's round is over.
    pub(super) fn watch_window(&mut self, at: usize) {
        self.look_at_flush(at);
        if self.trace.events() % 4 == 0 {
            let retained = self.publishers[at]
                .machine
                .progress(self.instant())
                .outstanding;
            let result = bounded::window(&self.plan.config, retained);
            self.judge(Invariant::Bounded, result);
        }
    }

    /// A quorum of all was said to hold for what was accepted when the flush began.
    pub(super) fn watch_met(&mut self, epoch: usize) {
        let Some((target, lens)) = self.ledger.epochs[epoch].flush.take() else {
            return;
        };
        let result = drained::all_acked(&self.ledger, epoch, &self.plan.topics, Some(&lens));
        self.judge(Invariant::Drained, result);
        self.ledger.epochs[epoch].flushed.push((target, lens));
    }

    /// A subscriber is handed a frame of DEALER.
    pub(super) fn watch_told(&mut self, at: usize, frame: &Bytes) {
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
                let Some(taken) = self.ledger.sessions[session].taken(epoch, topic) else {
                    return;
                };
                for sequence in range.first..=range.last {
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
    pub(super) fn watch_data(&mut self, at: usize, first: &Bytes, payload: Option<&Bytes>) {
        let session = self.session_of(at);
        if let Some(payload) = payload {
            return self.note_handed(session, payload);
        }
        let Some((nonce, body)) = split_private(first) else {
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
        if let Some(taken) = self.ledger.sessions[session].taken(epoch, topic) {
            taken.received.add(sequence);
        }
    }

    /// A subscriber has made a frame.
    pub(super) fn watch_said(&mut self, at: usize, frame: &Bytes) {
        let session = self.session_of(at);
        let Ok((header, serial, body)) = ToPublisher::decode(frame) else {
            return self.judge(Invariant::Acks, Err(format!("s{at} made a broken frame")));
        };
        let now = self.now;
        self.trace
            .line(now, || format!("s{at} -> {}", super::describe::up(&body)));
        // What was made before a session was lost is sent after it.
        let Some(session) = self.ledger.session(header.session).or(Some(session)) else {
            return;
        };
        let written = &mut self.ledger.sessions[session];
        let result = forward::serial(written, serial);
        self.judge(Invariant::Forward, result);
        if let ToPublisher::Ack { marks, .. } | ToPublisher::Bye { marks } = &body {
            let of = &self.ledger.sessions[session];
            let result = acks::said(&self.ledger, of, &header, marks);
            self.judge(Invariant::Acks, result);
            let result = forward::marks(&mut self.ledger.sessions[session], marks);
            self.judge(Invariant::Forward, result);
        }
    }

    /// An application is given something, which was queued in that session.
    pub(super) fn watch_item(
        &mut self,
        at: usize,
        session: Option<usize>,
        item: Item,
    ) -> Option<Held> {
        let session = session?;
        let result = match item {
            Item::Message(delivery) => {
                let (id, payload) = (delivery.id, delivery.payload);
                match self.given(at, session, id, &payload) {
                    Ok(held) => return Some(held),
                    Err(what) => Err(what),
                }
            }
            Item::Gone { topic, range } => self.missed(at, session, &topic, range),
            _ => Ok(()),
        };
        self.judge(Invariant::InOrder, result);
        None
    }

    fn given(
        &mut self,
        at: usize,
        session: usize,
        id: DeliveryId,
        payload: &Bytes,
    ) -> Result<Held, String> {
        let tag = Tag::decode(payload).ok_or("a message that nobody published")?;
        let (epoch, topic, sequence) = places(payload).ok_or("a message that nobody published")?;
        let written = self.ledger.epochs.get(epoch);
        let was = written.is_some_and(|written| sequence <= written.len(topic));
        if !was {
            return Err(format!("{tag:?} was never published"));
        }
        let host = &mut self.subscribers[at];
        let before = host.next.insert((epoch, topic), sequence + 1);
        let taken = self.ledger.sessions[session].taken(epoch, topic);
        let taken = taken.ok_or_else(|| format!("{tag:?} before WELCOME, or of another epoch"))?;
        in_order::message(taken, &tag, &id, before)?;
        taken.next = sequence + 1;
        Ok((session, topic, sequence, id))
    }

    fn missed(
        &mut self,
        at: usize,
        session: usize,
        name: &Bytes,
        range: linger_ack_proto::SequenceRange,
    ) -> Result<(), String> {
        let now = self.now;
        self.trace
            .line(now, || format!("s{at} is told that {range} is gone"));
        let topic = self.plan.topics.iter().position(|topic| topic == name);
        let topic = topic.ok_or("a topic that nobody published")?;
        let welcomed = self.ledger.sessions[session].welcomed;
        let (epoch, _) = welcomed.ok_or("gone before WELCOME")?;
        let taken = self.ledger.sessions[session].taken(epoch, topic);
        let taken = taken.ok_or("gone before WELCOME")?;
        let before = self.subscribers[at]
            .next
            .insert((epoch, topic), range.last() + 1);
        let base = taken.base;
        if range.last() >= base {
            in_order::gone(taken, range)?;
            taken.next = range.last() + 1;
            return Ok(());
        }
        // What this process was given nothing of began where its last session did.
        let first = before.or_else(|| {
            let sessions = self.subscribers[at].sessions.iter().rev();
            let mut sessions = sessions.map(|&of| &self.ledger.sessions[of]);
            let former = sessions.find(|of| of.place < session && of.is_in(epoch));
            former.and_then(|former| former.base(topic))
        });
        in_order::lost_between(base, range, first)
    }

    /// A subscriber's machine tells something.
    pub(super) fn watch_told_event(&mut self, at: usize, event: &SubscriberEvent) {
        let session = self.session_of(at);
        let written = &self.ledger.sessions[session];
        match event {
            SubscriberEvent::EndOfStream => {
                let result = end_of_stream::announced(&self.ledger, written, &self.plan.topics);
                self.judge(Invariant::EndOfStream, result);
            }
            SubscriberEvent::Ended { .. } => {
                let result = forward::not_after_the_end(written, "an end");
                self.judge(Invariant::Forward, result);
                self.ledger.sessions[session].has_ended = true;
            }
            _ => {}
        }
    }
}

/// Which message a payload is: the places of its epoch and topic, and its sequence.
fn places(payload: &Bytes) -> Option<(usize, usize, u64)> {
    let tag = Tag::decode(payload)?;
    let (epoch, topic) = (tag.epoch.try_into().ok()?, tag.topic.try_into().ok()?);
    Some((epoch, topic, tag.sequence))
}
