//! HELLO, WELCOME, JOINED: how a session becomes a member (SPEC J1 to J5).
//!
//! The base of each topic is fixed when HELLO first comes, and from then on what follows it is
//! retained for the session. A WELCOME that arrives shows that the subscriptions before it have
//! arrived; one that is lost is said again, with the same base. So whatever was published in
//! between is a gap that the subscriber sees and has repaired.

use super::change::Changes;
use super::members::Member;
use super::outbox::{Kind, Listed};
use super::owed::{Owed, Standing};
use super::prefixes::Prefixes;
use super::report::MemberOutcome;
use super::{Event, Publisher, repair, sync};
use crate::id::SessionId;
use crate::planted::{Bug, planted};
use crate::secret::Secret;
use crate::wire::{Hello, ToSubscriber};
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
        mut hello: Hello,
    ) {
        self.counters.hellos += 1;
        if let Some(key) = self.members.by_session(session) {
            self.hear(now, key, route, serial);
            return self.repeat_welcome(now, key);
        }
        if let Some(outcome) = self.departed.outcome(session) {
            let answer = match outcome {
                MemberOutcome::Superseded => ToSubscriber::Superseded,
                MemberOutcome::Evicted => ToSubscriber::Evicted,
                _ => ToSubscriber::Unknown,
            };
            return self.reply(route, session, &answer);
        }
        // SPEC X5: what is said to one would be taken for what is said to the other.
        let nonce = hello.nonce;
        let is_used = self.members.has_nonce(nonce) || self.departed.has_nonce(nonce);
        if is_used && !planted(Bug::NonceShared) {
            self.counters.broken += 1;
            return;
        }
        let prefixes = Prefixes::new(std::mem::take(&mut hello.prefixes));
        if let Some(answer) = self.refusal(now, &hello, &prefixes) {
            return self.reply(route, session, &answer);
        }
        let key = self.add_candidate(now, route, session, serial, hello, prefixes);
        self.say_welcome(key);
        if planted(Bug::JoinedNotNeeded) {
            self.handle_joined(now, key, key);
        }
    }

    /// Fixes the base of every topic that matches: from it on all is owed (SPEC J2, M8).
    fn add_candidate(
        &mut self,
        now: Instant,
        route: &Bytes,
        session: SessionId,
        serial: u64,
        hello: Hello,
        prefixes: Prefixes,
    ) -> u64 {
        let claim = self.claim_of(&hello.name);
        let who = self.members.named(&hello.name).next().map(|(_, m)| m.who);
        let key = self.members.next_key();
        let who = who.unwrap_or(key);
        let numbers = self.matching(&prefixes);
        for &number in &numbers {
            let (base, gone) = self.base_of(number, claim);
            if let Some(topic) = self.topics.get_mut(number) {
                let mut owed = Owed::new(key, who, hello.level, Standing::Candidate, base);
                owed.gone = gone;
                topic.owe(owed);
            }
        }
        let member = Member {
            name: hello.name,
            session: Some(session),
            nonce: hello.nonce,
            level: hello.level,
            // Not a part of the frame, which would be held whole.
            credentials: Secret(Bytes::copy_from_slice(&hello.credentials)),
            standing: Standing::Candidate,
            ended: MemberOutcome::Absent,
            who,
            prefixes,
            changes: Changes::default(),
            topics: numbers,
            end: None,
            welcomed: Some(now),
            route: route.clone(),
            serial,
            acked: 0,
            has_gone: false,
            query: false,
            heard: Some(now),
            since: Some(now),
            spoke: Some(now),
            suspected: false,
            sync: sync::Pace::default(),
            repair: repair::Pace::default(),
        };
        self.members.insert(key, member);
        self.judge_in_time(now, Standing::Candidate);
        key
    }

    /// Says WELCOME again to a candidate that has not heard it, as it seems. Not at any pace: a
    /// HELLO is short, and a WELCOME may be long.
    fn repeat_welcome(&mut self, now: Instant, key: u64) {
        let Some(member) = self.members.get_mut(key) else {
            return;
        };
        let is_due = member.welcomed.is_none_or(|at| at + WELCOME_AGAIN <= now);
        if member.is_candidate() && is_due {
            member.welcomed = Some(now);
            self.say_welcome(key);
        }
    }

    /// Says WELCOME, whole, on the private topic; the bases are those of the first time.
    fn say_welcome(&mut self, key: u64) {
        self.outbox.settle();
        let topics = self.members.get(key).map_or(0, |m| m.topics.len());
        self.say_list(key, Kind::Welcome, Listed::First(topics));
    }

    /// `JOINED`: false if it names a WELCOME that this member never got (SPEC J3).
    pub(super) fn handle_joined(&mut self, now: Instant, key: u64, welcome: u64) -> bool {
        if welcome != key {
            return !self.members.is_joined(key) && self.forsake(key);
        }
        if self.members.is_joined(key) {
            self.reply_to(key, &ToSubscriber::Member);
            return true;
        }
        let Some(member) = self.members.get(key) else {
            return false;
        };
        let name = member.name.clone();
        let older = self.members.holder_of(&name);
        // SPEC M3: its JOINED was late: who said HELLO after it is the newer one.
        if older.is_some_and(|other| other > key && self.members.is_joined(other)) {
            self.supersede(key);
            return true;
        }
        let durable = self.claim_of(&name);
        let returned = match (durable, older) {
            (Some(claim), _) => self.members.get(claim).is_some_and(|m| m.session.is_some()),
            (None, Some(older)) => {
                self.supersede(older);
                false
            }
            (None, None) => false,
        };
        self.stand(now, key, Standing::Member);
        self.reply_to(key, &ToSubscriber::Member);
        self.names.note(&name);
        self.counters.joined += 1;
        self.events.push_back(Event::Joined { name, returned });
        if let Some(claim) = durable.filter(|_| !planted(Bug::ClaimNotTakenOver)) {
            if self.members.is_joined(claim) {
                self.reply_to(claim, &ToSubscriber::Superseded);
            }
            self.take_over(claim, key);
        }
        self.tell_gone(key);
        if self.closing.is_some() {
            self.say_end(key);
            self.scan_at.get_or_insert(now);
        }
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
        self.counters.superseded += 1;
        if !planted(Bug::SupersededUntold) {
            self.reply_to(key, &ToSubscriber::Superseded);
        }
        self.depart_for_good(
            key,
            match planted(Bug::SupersededUntold) {
                true => MemberOutcome::Left,
                false => MemberOutcome::Superseded,
            },
        );
    }
}
