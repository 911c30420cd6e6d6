//! Who sees what really happens: every frame that is handed over, every message that an
//! application is given. What is seen is written into the ledger, and judged.

use super::World;
use crate::faults::Fault;
use crate::invariants::{
    Invariant, acks, bases, bounded, drained, end_of_stream, ensure, forward, in_order, routes,
    silence,
};
use crate::ledger::{Ledger, Membership, Period, Periods, Session, matches};
use crate::payload::Tag;
use crate::schedule::Time;
use bytes::Bytes;
use linger_ack_proto::wire::{Changed, InBand, ToPublisher, ToSubscriber, Welcome, split_private};
use linger_ack_proto::{Delivery, Event, Item, MemberOutcome, SequenceRange, SubscriberEvent};

/// Whose frame a publisher was just handed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker {
    session: usize,
    /// The number in it, if it is JOINED.
    joined: Option<u64>,
}

/// A delivery that an application holds: its session, its topic, and itself.
pub(crate) type Held = (usize, usize, Delivery);

impl World {
    /// A publisher is handed a frame of ROUTER.
    pub(super) fn watch_heard(
        &mut self,
        at: usize,
        route: &Bytes,
        frame: &Bytes,
    ) -> Option<Speaker> {
        let (header, serial, body) = ToPublisher::decode(frame).ok()?;
        let session = self.ledger.session(header.session)?;
        let epoch = self.publishers[at].epoch;
        let written = &mut self.ledger.sessions[session];
        let is_hello = matches!(body, ToPublisher::Hello(_));
        // Frames of another epoch are nobody's, but for the HELLO that begins one.
        if is_hello || self.ledger.epochs[epoch].id == header.epoch {
            let heard = written.heard.entry(epoch);
            let heard = heard.or_insert_with(|| (serial, route.clone()));
            if serial > heard.0 {
                *heard = (serial, route.clone());
            }
            written.heard_at.insert(epoch, self.now);
        }
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
        let entries = match &body {
            InBand::Welcome(welcome) => &welcome.entries,
            InBand::Sync { entries } | InBand::End { entries, .. } => entries,
            InBand::Granted(changed) | InBand::Released(changed) => &changed.entries,
            _ => return,
        };
        let topics = &self.plan.topics;
        let result = self.ledger.epochs[epoch].learn(topics, entries);
        self.judge(Invariant::Bases, result);
        let Some(session) = self.ledger.owner(nonce) else {
            return;
        };
        let result = match &body {
            InBand::Welcome(welcome) => self.welcomed(epoch, session, welcome),
            InBand::Granted(changed) => self.changed(epoch, session, changed, true),
            InBand::Released(changed) => self.changed(epoch, session, changed, false),
            _ => Ok(()),
        };
        self.judge(Invariant::Bases, result);
    }

    /// A publisher has a frame for one session.
    pub(super) fn watch_told_by(&mut self, at: usize, route: &Bytes, frame: &Bytes) {
        let Ok((header, body)) = ToSubscriber::decode(frame) else {
            return;
        };
        let is_of_member = matches!(
            body,
            ToSubscriber::Member
                | ToSubscriber::Repair(_)
                | ToSubscriber::Gone(_)
                | ToSubscriber::Query
                | ToSubscriber::Fin { .. }
        );
        let session = self.ledger.session(header.session);
        if let (true, Some(session)) = (is_of_member, session) {
            let epoch = self.publishers[at].epoch;
            let result = routes::answered(&self.ledger.sessions[session], epoch, route);
            self.judge(Invariant::Routes, result);
        }
    }

    /// The first WELCOME of a number answers the HELLO that was just handed over.
    fn welcomed(&mut self, at: usize, session: usize, welcome: &Welcome) -> Result<(), String> {
        let (epoch, topics) = (&self.ledger.epochs[at], &self.plan.topics);
        let name = self.ledger.sessions[session].name.clone();
        let claim = epoch
            .present
            .get(&name)
            .map(|&at| &self.ledger.sessions[at]);
        let is_durable = self.plan.config.is_durable(&name);
        let key = (at, welcome.number);
        let of = &self.ledger.sessions[session];
        let first = || Periods::begin(&epoch.lens, topics, &of.prefixes);
        let mut periods = of.welcomes.get(&key).cloned().unwrap_or_else(first);
        if is_durable {
            for entry in &welcome.entries {
                let topic = epoch.numbers.get(&entry.number).copied();
                let topic = topic.ok_or("a topic that is none")?;
                let is_first = periods.current(topic).is_some_and(|period| {
                    period.base != entry.sequence && !periods.is_named(topic)
                });
                if is_first {
                    bases::claimed(epoch, claim, topic, entry.sequence)?;
                }
                ensure(periods.name_base(topic, entry.sequence), || {
                    format!("{entry:?} is not what was named before")
                })?;
            }
        }
        bases::begin(epoch, &periods, &welcome.entries)?;
        let named = welcome.entries.len();
        if !of.welcomes.contains_key(&key) {
            bases::complete(epoch, topics, welcome.part, named, |name| {
                matches(&of.prefixes, name)
            })?;
        }
        self.ledger.sessions[session].welcomes.insert(key, periods);
        Ok(())
    }

    /// The first answer to a change of prefixes is given when the change is made.
    fn changed(
        &mut self,
        at: usize,
        session: usize,
        changed: &Changed,
        is_grant: bool,
    ) -> Result<(), String> {
        let (epoch, topics) = (&self.ledger.epochs[at], &self.plan.topics);
        let of = &mut self.ledger.sessions[session];
        let asked = of.changes.get(&changed.number).cloned();
        let Some((adds, prefixes)) = asked.filter(|(adds, _)| *adds == is_grant) else {
            return Err(format!("{changed:?} answers what was not asked"));
        };
        let Some(member) = of.membership.as_mut().filter(|member| member.epoch == at) else {
            return Err("a change of who is no member".to_owned());
        };
        if changed.number > member.last_change {
            let old = member.prefixes.clone();
            let mut new = old.clone();
            match adds {
                true => new.extend(prefixes.iter().filter(|p| !old.contains(p)).cloned()),
                false => new.retain(|prefix| !prefixes.contains(prefix)),
            }
            match adds {
                true => member.periods.grant(&epoch.lens, topics, &old, &new),
                false => member.periods.release(&epoch.lens, topics, &old, &new),
            }
            let named = changed.entries.len();
            bases::complete(epoch, topics, changed.part, named, |name| {
                matches(&old, name) != matches(&new, name)
            })?;
            member.prefixes = new;
            member.last_change = changed.number;
        }
        match is_grant {
            true => bases::begin(epoch, &member.periods, &changed.entries),
            false => bases::end(epoch, &member.periods, &changed.entries),
        }
    }

    /// A publisher tells that someone came or went. `heir` is who came just before, and took over
    /// what its durable name was owed.
    pub(super) fn watch_event(
        &mut self,
        at: usize,
        speaker: Option<Speaker>,
        heir: &mut Option<String>,
        event: &Event,
    ) {
        let epoch = self.publishers[at].epoch;
        match event {
            Event::Joined { name, .. } => {
                let result = self.join(epoch, speaker, name);
                self.judge(Invariant::Bases, result);
                *heir = self.plan.config.is_durable(name).then(|| name.clone());
            }
            // Of whom an heir has come the departure is told after that.
            Event::Departed { name, .. } if heir.as_ref() == Some(name) => *heir = None,
            Event::Departed { name, outcome, .. } => {
                if *outcome == MemberOutcome::Expired {
                    self.watch_expired(epoch, name);
                }
                let lens = self.ledger.epochs[epoch].lens_now();
                let gone = self.ledger.epochs[epoch].present.remove(name);
                let member = gone.and_then(|gone| self.ledger.sessions[gone].membership.as_mut());
                match member {
                    Some(member) => member.until = Some(lens),
                    None => {
                        let what = format!("{name} departed, and was no member");
                        self.judge(Invariant::Accounted, Err(what));
                    }
                }
            }
            Event::Absent { name, .. } => {
                if speaker.is_none() {
                    self.watch_expired(epoch, name);
                }
                let here = self.ledger.epochs[epoch].present.get(name);
                let member = here.and_then(|&at| self.ledger.sessions[at].membership.as_mut());
                match member {
                    Some(member) if !member.is_absent => member.is_absent = true,
                    _ => {
                        let what = format!("{name} is absent, and was no member");
                        self.judge(Invariant::Accounted, Err(what));
                    }
                }
            }
            _ => {}
        }
    }

    /// A member was silent for too long.
    fn watch_expired(&mut self, epoch: usize, name: &str) {
        let here = self.ledger.epochs[epoch].present.get(name);
        let session = here.map(|&at| &self.ledger.sessions[at]);
        let expiry = Time::try_from(self.plan.config.expiry.as_micros()).unwrap_or(Time::MAX);
        let is_present = |session: &&Session| {
            let membership = session.membership.as_ref();
            membership.is_some_and(|membership| !membership.is_absent)
        };
        if let Some(session) = session.filter(is_present) {
            let result = silence::expired(
                name,
                self.now,
                session.heard_at.get(&epoch).copied(),
                expiry,
            );
            self.judge(Invariant::Silence, result);
        }
    }

    fn join(&mut self, epoch: usize, speaker: Option<Speaker>, name: &str) -> Result<(), String> {
        let joined = speaker.and_then(|speaker| Some((speaker.session, speaker.joined?)));
        let Some((at, number)) = joined else {
            return Err(format!("{name} is a member without JOINED"));
        };
        let session = &mut self.ledger.sessions[at];
        let Some(periods) = session.welcomes.get(&(epoch, number)).cloned() else {
            return Err(format!("{name} is a member without WELCOME"));
        };
        let written = &mut self.ledger.epochs[epoch];
        let is_durable = self.plan.config.is_durable(name);
        for (topic, periods) in periods.iter().filter(|_| !is_durable) {
            let base = periods.first().map_or(1, |period| period.base);
            let mut flushed = written.flushed.iter().map(|(_, by)| by);
            if flushed.any(|by| base <= by[topic]) {
                return Err(format!(
                    "{name} is owed {base} of topic {topic}, which was flushed"
                ));
            }
        }
        session.membership = Some(Membership {
            epoch,
            prefixes: session.prefixes.clone(),
            periods: periods.clone(),
            last_change: 0,
            until: None,
            heir: None,
            is_absent: false,
        });
        written.members.push(at);
        let (lens, older) = (
            written.lens_now(),
            written.present.insert(name.to_owned(), at),
        );
        let Some(older) = older else {
            return Ok(());
        };
        let Some(claim) = self.ledger.sessions[older]
            .membership
            .as_mut()
            .filter(|_| is_durable)
        else {
            return Err(format!("{name} is a member twice"));
        };
        // The heir owes what comes from its base on, of the topics that it asks for.
        let topics: Vec<usize> = claim.periods.iter().map(|(topic, _)| topic).collect();
        for topic in topics {
            let last = match periods.current(topic) {
                Some(period) => period.base - 1,
                None => lens.get(topic).copied().unwrap_or(0),
            };
            claim.periods.end(topic, last);
        }
        claim.until = Some(lens);
        claim.heir = Some(at);
        Ok(())
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
        let result = drained::all_acked(&self.ledger, epoch, |_| true, Some(&lens));
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
        if let Some(taken) = self.ledger.sessions[session].taken(epoch, topic, sequence) {
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
    pub(super) fn watch_item(&mut self, at: usize, item: Item) -> Option<Held> {
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
    pub(super) fn watch_told_event(&mut self, at: usize, event: &SubscriberEvent) {
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
