//! Who speaks and who is silent.

use super::owed::Standing;
use super::report::MemberOutcome;
use super::{Event, Publisher};
use crate::id::SessionId;
use crate::planted::{Bug, planted};
use crate::wire::{ToPublisher, ToSubscriber};
use bytes::Bytes;
use std::time::{Duration, Instant};

impl Publisher {
    /// Notes that a session lives, and on which connection.
    pub(super) fn hear(&mut self, now: Instant, key: u64, route: &Bytes, serial: u64) {
        if planted(Bug::ExpiryBeforeReading) {
            let heard = self.members.get(key).and_then(|member| member.heard);
            if heard.is_some_and(|heard| heard + self.config.expiry <= now) {
                self.depart(now, key, MemberOutcome::Expired);
            }
        }
        let Some(member) = self.members.get_mut(key) else {
            return;
        };
        member.spoke = Some(now);
        if member.is_joined() {
            member.heard = Some(now);
            member.suspected = false;
        }
        // SPEC M5: an older connection's frame, read late, moves nothing.
        if serial <= member.serial && !planted(Bug::RouteMovedByOldSerial) {
            return;
        }
        member.serial = serial;
        if member.route != *route && !planted(Bug::RouteNotMoved) {
            member.route = route.clone();
            // SPEC R6: what was said on the old connection may be lost.
            if member.is_joined() {
                member.query = true;
                self.query(key);
            }
        }
    }

    /// A frame of this epoch from a session that is none (SPEC M4).
    pub(super) fn handle_stranger(
        &mut self,
        route: &Bytes,
        session: SessionId,
        body: &ToPublisher,
    ) {
        let answer = match self.departed.outcome(session) {
            Some(MemberOutcome::Superseded) => ToSubscriber::Superseded,
            Some(MemberOutcome::Evicted) => ToSubscriber::Evicted,
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

    /// Looks who is silent: suspects first, and expires at the next look who still is (SPEC M1).
    ///
    /// A look that comes late says that we were suspended, not that they were silent: their
    /// frames may still be on the way up, so every clock begins anew.
    pub(super) fn judge_silence(&mut self, now: Instant) {
        let grace = self.config.expiry / 5;
        let was_late = self.judge_at.is_some_and(|due| now > due + grace);
        let mut expired = Vec::new();
        let mut suspected = Vec::new();
        for (key, member) in self.members.iter_mut() {
            let limit = limit(&self.config, member.standing);
            let heard = *member.heard.get_or_insert(now);
            if was_late {
                member.heard = Some(now);
                member.suspected = false;
            } else if now >= heard + limit {
                if member.suspected || member.is_absent() {
                    expired.push(key);
                    continue;
                }
                member.suspected = true;
                member.heard = Some(now.checked_sub(limit).unwrap_or(now) + grace);
                if member.is_joined() {
                    suspected.push(member.name.clone());
                }
            }
        }
        for name in suspected {
            self.events.push_back(Event::Suspected { name });
        }
        for key in expired {
            if self.members.is_joined(key) {
                self.counters.expired += 1;
            }
            self.depart(now, key, MemberOutcome::Expired);
        }
        let config = &self.config;
        let next = self.members.iter().filter_map(|(_, member)| {
            let heard = member.heard?;
            Some(heard + limit(config, member.standing))
        });
        self.judge_at = next.min();
    }

    pub(super) fn judge_by(&mut self, at: Instant) {
        self.judge_at = Some(self.judge_at.map_or(at, |due| due.min(at)));
    }

    pub(super) fn judge_in_time(&mut self, now: Instant, standing: Standing) {
        self.judge_by(now + limit(&self.config, standing));
    }
}

/// How long one may be silent: a member until it expires, a candidate until JOINED (SPEC J5), an
/// absent name until it comes back (SPEC M6).
fn limit(config: &crate::PublisherConfig, standing: Standing) -> Duration {
    match standing {
        Standing::Candidate => config.join_within,
        Standing::Absent => config.durable_for,
        Standing::Member | Standing::Over => config.expiry,
    }
}
