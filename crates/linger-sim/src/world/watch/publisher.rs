//! What a publisher is handed, says and tells.

use super::super::World;
use super::Speaker;
use crate::invariants::{Invariant, bases, bounded, drained, ensure, routes, silence};
use crate::ledger::{Membership, Periods, Session, matches};
use crate::schedule::Time;
use bytes::Bytes;
use linger_ack_proto::wire::{Changed, InBand, ToPublisher, ToSubscriber, Welcome, split_private};
use linger_ack_proto::{Event, MemberOutcome};

impl World {
    /// A publisher is handed a frame of ROUTER.
    pub(in crate::world) fn watch_heard(
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
    pub(in crate::world) fn watch_private(&mut self, at: usize, frame: &Bytes) {
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
    pub(in crate::world) fn watch_told_by(&mut self, at: usize, route: &Bytes, frame: &Bytes) {
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
    pub(in crate::world) fn watch_event(
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
    pub(in crate::world) fn watch_window(&mut self, at: usize) {
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
    pub(in crate::world) fn watch_met(&mut self, epoch: usize) {
        let Some((target, lens)) = self.ledger.epochs[epoch].flush.take() else {
            return;
        };
        let result = drained::all_acked(&self.ledger, epoch, |_| true, Some(&lens));
        self.judge(Invariant::Drained, result);
        self.ledger.epochs[epoch].flushed.push((target, lens));
    }
}
