//! HELLO, WELCOME, JOINED: how a session becomes a member.
//!
//! The base of each topic is fixed when HELLO first comes, and from then on what follows it is
//! retained for the session. A WELCOME that arrives shows that the subscriptions before it have
//! arrived; one that is lost is said again, with the same base. So whatever was published in
//! between is a gap that the subscriber sees and has repaired.

use super::Publisher;
use super::Transmit;
use super::members::Member;
use super::prefixes::Prefixes;
use super::report::MemberOutcome;
use super::topics::Owed;
use super::{Event, repair, sync};
use crate::id::SessionId;
use crate::wire::{Hello, InBand, Part, Refusal, ToSubscriber, TopicEntry, Welcome};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// How soon WELCOME is said again.
const WELCOME_AGAIN: Duration = Duration::from_millis(20);

impl Publisher {
    pub(super) fn handle_hello(
        &mut self,
        now: Instant,
        route: &Bytes,
        session: SessionId,
        serial: u64,
        hello: Hello,
    ) {
        if let Some(key) = self.members.by_session(session) {
            self.hear(now, key, route, serial);
            return self.repeat_welcome(now, key);
        }
        if let Some(outcome) = self.departed.outcome(session) {
            let answer = match outcome {
                MemberOutcome::Superseded => ToSubscriber::Superseded,
                _ => ToSubscriber::Unknown,
            };
            return self.reply(route, session, &answer);
        }
        if let Some(answer) = self.refusal(&hello) {
            self.counters.refused += 1;
            return self.reply(route, session, &answer);
        }
        let key = self.add_candidate(now, route, session, serial, hello);
        self.say_welcome(key);
    }

    fn refusal(&self, hello: &Hello) -> Option<ToSubscriber> {
        let refused = |why| ToSubscriber::Refused { change: 0, why };
        if self.closing.is_some() {
            return Some(ToSubscriber::Closing);
        }
        if self.members.len() >= self.config.max_members as usize {
            return Some(refused(Refusal::TooManyMembers));
        }
        if hello.prefixes.len() > self.config.max_prefixes as usize {
            return Some(refused(Refusal::TooManyPrefixes));
        }
        None
    }

    /// Fixes the base of every topic that matches: what comes next is owed.
    fn add_candidate(
        &mut self,
        now: Instant,
        route: &Bytes,
        session: SessionId,
        serial: u64,
        hello: Hello,
    ) -> u64 {
        let key = self.members.next_key();
        let mut member = Member {
            name: hello.name,
            session,
            nonce: hello.nonce,
            level: hello.level,
            prefixes: Prefixes::new(hello.prefixes),
            topics: Vec::new(),
            welcomed: now,
            route: route.clone(),
            serial,
            joined: false,
            has_gone: false,
            query: false,
            heard: now,
            suspected: false,
            sync: sync::Pace::default(),
            repair: repair::Pace::default(),
        };
        for number in 1..=self.topics.len() {
            let Ok(number) = u32::try_from(number) else {
                break;
            };
            let Some(topic) = self.topics.get_mut(number) else {
                break;
            };
            if member.prefixes.matches(&topic.name) {
                let base = topic.next;
                topic.owed.push(Owed::new(key, member.level, base));
                member.topics.push(number);
            }
        }
        self.members.insert(key, member);
        self.judge_by(now + self.expiry());
        key
    }

    /// Says WELCOME again to a candidate that has not heard it, as it seems. Not at any pace: a
    /// HELLO is short, and a WELCOME may be long.
    fn repeat_welcome(&mut self, now: Instant, key: u64) {
        let Some(member) = self.members.get_mut(key) else {
            return;
        };
        if !member.joined && member.welcomed + WELCOME_AGAIN <= now {
            member.welcomed = now;
            self.say_welcome(key);
        }
    }

    /// Says WELCOME, whole, on the private topic; the bases are those of the first time.
    fn say_welcome(&mut self, key: u64) {
        let entries = self.entries_of(key, |owed, _| Some(owed.base));
        self.outbox.push_back(Transmit::Settle);
        let config = &self.config;
        let (window_messages, window_bytes) = (config.window_messages, config.window_bytes);
        let expiry_ms = u32::try_from(config.expiry.as_millis()).unwrap_or(u32::MAX);
        for (part, entries) in self.in_parts(entries) {
            let welcome = Welcome {
                number: key,
                part,
                window_messages,
                window_bytes,
                expiry_ms,
                entries,
            };
            self.say_in_band(key, &InBand::Welcome(welcome));
        }
    }

    /// `JOINED`: false if it names a WELCOME that this member never got.
    pub(super) fn handle_joined(&mut self, now: Instant, key: u64, welcome: u64) -> bool {
        if welcome != key {
            return !self.members.is_joined(key) && self.forsake(key);
        }
        if self.closing.is_some() && !self.members.is_joined(key) {
            self.reply_to(key, &ToSubscriber::Closing);
            return true;
        }
        if !self.members.is_joined(key) {
            let name = self.members.get(key).map(|member| member.name.clone());
            let name = name.unwrap_or_default();
            match self.members.namesake(key, &name) {
                // Its JOINED was late: who said HELLO after it is the newer one.
                Some(newer) if newer > key => {
                    self.supersede(key);
                    return true;
                }
                Some(older) => self.supersede(older),
                None => {}
            }
            self.members.set_joined(now, key);
            self.events.push_back(Event::Joined { name });
        }
        self.reply_to(key, &ToSubscriber::Member);
        true
    }

    /// A WELCOME was confirmed that an earlier candidate of this session got. It has expired, and
    /// what was kept for it with it: another session is wanted, or the two would never agree.
    fn forsake(&mut self, key: u64) -> bool {
        self.reply_to(key, &ToSubscriber::Unknown);
        self.depart_for_good(key, MemberOutcome::Left);
        true
    }

    fn supersede(&mut self, key: u64) {
        self.reply_to(key, &ToSubscriber::Superseded);
        self.depart_for_good(key, MemberOutcome::Superseded);
    }

    /// The topics that a session is owed, each with a sequence that `pick` chooses, or without.
    pub(super) fn entries_of(
        &self,
        key: u64,
        pick: impl Fn(&Owed, u64) -> Option<u64>,
    ) -> Vec<TopicEntry> {
        let Some(member) = self.members.get(key) else {
            return Vec::new();
        };
        let entries = member.topics.iter().filter_map(|&number| {
            let topic = self.topics.get(number)?;
            let sequence = pick(topic.owed(key)?, topic.next)?;
            Some(TopicEntry {
                number,
                sequence,
                topic: topic.name.clone(),
            })
        });
        entries.collect()
    }

    /// Cuts a list into parts; an empty list makes one empty part.
    pub(super) fn in_parts(&self, mut entries: Vec<TopicEntry>) -> Vec<(Part, Vec<TopicEntry>)> {
        let least = entries.len().div_ceil(usize::from(u16::MAX));
        let size = usize::from(self.config.entries_per_part).max(least).max(1);
        let count = entries.len().div_ceil(size).max(1);
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        let mut parts = Vec::with_capacity(usize::from(count));
        for index in 0..count {
            let rest = entries.split_off(size.min(entries.len()));
            parts.push((Part { index, count }, std::mem::replace(&mut entries, rest)));
        }
        parts
    }
}
