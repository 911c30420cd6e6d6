//! Who is a member, and who is about to be one.

use super::prefixes::Prefixes;
use super::report::{MemberOutcome, MemberReport, TopicReport};
use super::{Event, Publisher};
use crate::id::{Level, Nonce, SessionId};
use crate::wire::{ToPublisher, ToSubscriber};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Members and candidates, by key, session and name. Keys grow and are never used again.
#[derive(Debug, Default)]
pub(super) struct Members {
    by_key: BTreeMap<u64, Member>,
    by_session: BTreeMap<SessionId, u64>,
    last_key: u64,
    joined: usize,
    /// Whether anyone ever joined.
    pub(super) ever_joined: bool,
}

/// A session that has said HELLO; a member once JOINED came.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) session: SessionId,
    pub(super) nonce: Nonce,
    pub(super) level: Level,
    pub(super) prefixes: Prefixes,
    /// The numbers of the topics that it is owed.
    pub(super) topics: Vec<u32>,
    /// When it was last sent WELCOME.
    pub(super) welcomed: Instant,
    /// The routing id of its youngest connection.
    pub(super) route: Bytes,
    /// The highest serial that was seen.
    pub(super) serial: u64,
    pub(super) joined: bool,
    /// It was told that something can't be had.
    pub(super) has_gone: bool,
    /// A new connection has not yet said all its marks.
    pub(super) query: bool,
    /// When it was last heard, or when its clock was last restarted. A candidate's clock runs from
    /// its HELLO, whatever else it says: it holds the window back, and owes JOINED for that.
    pub(super) heard: Instant,
    /// It was silent for too long once; the next look decides.
    pub(super) suspected: bool,
    pub(super) sync: super::sync::Pace,
    pub(super) repair: super::repair::Pace,
}

impl Members {
    pub(super) fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    pub(super) fn insert(&mut self, key: u64, member: Member) {
        self.by_session.insert(member.session, key);
        self.by_key.insert(key, member);
    }

    fn remove(&mut self, key: u64) -> Option<Member> {
        let member = self.by_key.remove(&key)?;
        self.by_session.remove(&member.session);
        if member.joined {
            self.joined -= 1;
        }
        Some(member)
    }

    /// A candidate becomes a member; its clock begins anew.
    pub(super) fn set_joined(&mut self, now: Instant, key: u64) {
        if let Some(member) = self.by_key.get_mut(&key) {
            member.joined = true;
            member.heard = now;
            member.suspected = false;
            self.joined += 1;
            self.ever_joined = true;
        }
    }

    pub(super) fn by_session(&self, session: SessionId) -> Option<u64> {
        self.by_session.get(&session).copied()
    }

    /// The other member of this name, if there is one.
    pub(super) fn namesake(&self, key: u64, name: &str) -> Option<u64> {
        let mut others = self.by_key.iter().filter(|&(&other, _)| other != key);
        others
            .find(|(_, member)| member.joined && member.name == name)
            .map(|(&other, _)| other)
    }

    pub(super) fn get(&self, key: u64) -> Option<&Member> {
        self.by_key.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Member> {
        self.by_key.get_mut(&key)
    }

    pub(super) fn is_joined(&self, key: u64) -> bool {
        self.get(key).is_some_and(|member| member.joined)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Member)> {
        self.by_key.iter().map(|(&key, member)| (key, member))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u64, &mut Member)> {
        self.by_key.iter_mut().map(|(&key, member)| (key, member))
    }

    pub(super) fn keys(&self, joined: bool) -> Vec<u64> {
        self.iter()
            .filter(|(_, m)| m.joined == joined)
            .map(|(key, _)| key)
            .collect()
    }

    pub(super) fn joined(&self) -> usize {
        self.joined
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }
}

impl Publisher {
    /// Notes that a session lives, and on which connection.
    pub(super) fn hear(&mut self, now: Instant, key: u64, route: &Bytes, serial: u64) {
        let Some(member) = self.members.get_mut(key) else {
            return;
        };
        if member.joined {
            member.heard = now;
            member.suspected = false;
        }
        if serial <= member.serial {
            return; // an older connection's frame, read late
        }
        member.serial = serial;
        if member.route != *route {
            member.route = route.clone();
            // What was said on the old connection may be lost.
            if member.joined {
                member.query = true;
                self.reply_to(key, &ToSubscriber::Query);
            }
        }
    }

    /// A frame of this epoch from a session that is none.
    pub(super) fn handle_stranger(
        &mut self,
        route: &Bytes,
        session: SessionId,
        body: &ToPublisher,
    ) {
        let answer = match self.departed.outcome(session) {
            Some(MemberOutcome::Superseded) => ToSubscriber::Superseded,
            Some(MemberOutcome::Left) if matches!(body, ToPublisher::Bye { .. }) => {
                ToSubscriber::ByeOk
            }
            _ => {
                self.counters.stale += 1;
                ToSubscriber::Unknown
            }
        };
        self.reply(route, session, &answer);
    }

    /// Ends a session for good: whatever still comes from it is answered by that end.
    pub(super) fn depart_for_good(&mut self, key: u64, outcome: MemberOutcome) {
        if let Some(member) = self.members.get(key) {
            self.departed.note(member.session, outcome);
        }
        self.depart(key, outcome);
    }

    /// Ends a session. A candidate leaves no trace; of a member it is kept what it owes.
    pub(super) fn depart(&mut self, key: u64, outcome: MemberOutcome) {
        let Some(member) = self.members.remove(key) else {
            return;
        };
        if member.joined {
            self.departed.note(member.session, outcome);
        }
        let report = member
            .joined
            .then(|| self.report_member(key, &member, outcome));
        for &number in &member.topics {
            if let Some(topic) = self.topics.get_mut(number) {
                match topic.owed.binary_search_by_key(&key, |owed| owed.member) {
                    Ok(at) if member.joined => topic.owed[at].until = Some(topic.next - 1),
                    Ok(at) => drop(topic.owed.remove(at)),
                    Err(_) => {}
                }
            }
            self.trim(number);
            if let Some(topic) = self.topics.get_mut(number) {
                topic.forget_departed();
            }
        }
        if let Some(report) = report {
            self.events.push_back(Event::Departed {
                name: report.name.clone(),
                outcome,
                unacked: report.unacked(),
            });
            self.departed.remember(report);
        }
    }

    pub(super) fn report_member(
        &self,
        key: u64,
        member: &Member,
        outcome: MemberOutcome,
    ) -> MemberReport {
        let topics = member.topics.iter().filter_map(|&number| {
            let topic = self.topics.get(number)?;
            let owed = topic.owed(key)?;
            Some(TopicReport {
                topic: topic.name.clone(),
                number,
                base: owed.base,
                last: topic.next - 1,
                received: owed.received,
                processed: owed.processed,
                level: member.level,
                gone: owed.gone.clone(),
            })
        });
        MemberReport {
            name: member.name.clone(),
            session: member.session,
            level: member.level,
            outcome,
            topics: topics.filter(|topic| topic.owed() > 0).collect(),
        }
    }

    /// Looks who is silent: suspects first, and expires at the next look who still is.
    ///
    /// A look that comes late says that we were suspended, not that they were silent: their
    /// frames may still be on the way up, so every clock begins anew.
    pub(super) fn judge_silence(&mut self, now: Instant) {
        let expiry = self.config.expiry;
        let grace = expiry / 5;
        let was_late = self.judge_at.is_some_and(|due| now > due + grace);
        let mut expired = Vec::new();
        for (key, member) in self.members.iter_mut() {
            if was_late {
                member.heard = now;
                member.suspected = false;
            } else if now >= member.heard + expiry {
                if member.suspected {
                    expired.push(key);
                } else {
                    member.suspected = true;
                    member.heard = now.checked_sub(expiry).unwrap_or(now) + grace;
                }
            }
        }
        for key in expired {
            self.depart(key, MemberOutcome::Expired);
        }
        let next = self
            .members
            .iter()
            .map(|(_, member)| member.heard + expiry)
            .min();
        self.judge_at = next;
    }

    pub(super) fn judge_by(&mut self, at: Instant) {
        self.judge_at = Some(self.judge_at.map_or(at, |due| due.min(at)));
    }

    /// How long a member may be silent.
    pub(super) fn expiry(&self) -> Duration {
        self.config.expiry
    }
}
