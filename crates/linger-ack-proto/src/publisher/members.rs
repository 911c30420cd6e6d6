//! Who is a member, who is about to be one, and whose place is kept.

use super::change::Changes;
use super::outbox::Listed;
use super::owed::Standing;
use super::prefixes::Prefixes;
use super::report::MemberOutcome;
use crate::id::{Level, Nonce, SessionId};
use crate::secret::Secret;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Members, candidates and absent names, by key, session and name. Keys grow and are never used
/// again.
#[derive(Debug, Default)]
pub(super) struct Members {
    by_key: BTreeMap<u64, Member>,
    by_session: BTreeMap<SessionId, u64>,
    /// Of those sessions.
    nonces: BTreeSet<Nonce>,
    by_name: BTreeMap<String, Vec<u64>>,
    last_key: u64,
    joined: usize,
    candidates: usize,
    absent: usize,
    /// Whether anyone ever joined.
    pub(super) ever_joined: bool,
}

/// A session that has said HELLO, a member once JOINED came; or the claim of a durable name.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    /// `None`: the name is expected, and never came.
    pub(super) session: Option<SessionId>,
    pub(super) nonce: Nonce,
    pub(super) level: Level,
    /// What its HELLO brought for an authorizer.
    pub(super) credentials: Secret,
    pub(super) standing: Standing,
    /// How its session ended, of who is absent.
    pub(super) ended: MemberOutcome,
    /// Shared by the sessions of one name that lived at once.
    pub(super) who: u64,
    pub(super) prefixes: Prefixes,
    pub(super) changes: Changes,
    /// The numbers of the topics that it is owed.
    pub(super) topics: Vec<u32>,
    /// The topics that END lists, once it was said.
    pub(super) end: Option<Listed>,
    /// When it was last sent WELCOME.
    pub(super) welcomed: Option<Instant>,
    /// The routing id of its youngest connection.
    pub(super) route: Bytes,
    /// The highest serial that was seen.
    pub(super) serial: u64,
    /// By how much its marks went up, all together.
    pub(super) acked: u64,
    /// It was told that something can't be had, or is to be.
    pub(super) has_gone: bool,
    /// A new connection has not yet said all its marks.
    pub(super) query: bool,
    /// When it was last heard, or when its clock was last restarted; `None` before any time was
    /// told. A candidate's clock runs from its HELLO, whatever else it says: it holds the window
    /// back, and owes JOINED for that. That of who is absent runs from its session's end.
    pub(super) heard: Option<Instant>,
    /// Since when it stands as it does; `None` before any time was told.
    pub(super) since: Option<Instant>,
    /// When its last frame came; `None` if none ever did.
    pub(super) spoke: Option<Instant>,
    /// It was silent for too long once; the next look decides.
    pub(super) suspected: bool,
    pub(super) sync: super::sync::Pace,
    pub(super) repair: super::repair::Pace,
}

impl Member {
    pub(super) fn is_joined(&self) -> bool {
        self.standing == Standing::Member
    }

    pub(super) fn is_candidate(&self) -> bool {
        self.standing == Standing::Candidate
    }

    pub(super) fn is_absent(&self) -> bool {
        self.standing == Standing::Absent
    }
}

impl Members {
    pub(super) fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    pub(super) fn insert(&mut self, key: u64, member: Member) {
        if let (false, Some(session)) = (member.is_absent(), member.session) {
            self.by_session.insert(session, key);
            self.nonces.insert(member.nonce);
        }
        let named = self.by_name.entry(member.name.clone()).or_default();
        named.push(key);
        self.count(member.standing, 1);
        self.by_key.insert(key, member);
    }

    pub(super) fn remove(&mut self, key: u64) -> Option<Member> {
        let member = self.by_key.remove(&key)?;
        self.forget_session(&member, key);
        if let Some(named) = self.by_name.get_mut(&member.name) {
            named.retain(|&other| other != key);
            if named.is_empty() {
                self.by_name.remove(&member.name);
            }
        }
        self.count(member.standing, -1);
        Some(member)
    }

    /// A candidate becomes a member, or a member's session ends and its claim stays; its clock
    /// begins anew.
    pub(super) fn stand(&mut self, now: Instant, key: u64, standing: Standing) {
        let Some(mut member) = self.by_key.remove(&key) else {
            return;
        };
        self.count(member.standing, -1);
        self.count(standing, 1);
        self.ever_joined |= standing == Standing::Member;
        member.standing = standing;
        member.heard = Some(now);
        member.since = Some(now);
        member.suspected = false;
        if standing == Standing::Absent {
            member.credentials = Secret::default();
            self.forget_session(&member, key);
        }
        self.by_key.insert(key, member);
    }

    fn forget_session(&mut self, member: &Member, key: u64) {
        let Some(session) = member.session else {
            return;
        };
        if self.by_session.get(&session) == Some(&key) {
            self.by_session.remove(&session);
            self.nonces.remove(&member.nonce);
        }
    }

    /// Whether a session that is here has this private topic.
    pub(super) fn has_nonce(&self, nonce: Nonce) -> bool {
        self.nonces.contains(&nonce)
    }

    fn count(&mut self, standing: Standing, by: isize) {
        let count = match standing {
            Standing::Candidate => &mut self.candidates,
            Standing::Member => &mut self.joined,
            Standing::Absent => &mut self.absent,
            Standing::Over => return,
        };
        *count = count.saturating_add_signed(by);
    }

    pub(super) fn by_session(&self, session: SessionId) -> Option<u64> {
        self.by_session.get(&session).copied()
    }

    /// Everyone of this name, candidates and absent ones too, in the order of their keys.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = (u64, &Member)> {
        let keys = self.by_name.get(name).into_iter().flatten();
        keys.filter_map(|&key| Some((key, self.get(key)?)))
    }

    /// The member, or the absent one, of this name.
    pub(super) fn holder_of(&self, name: &str) -> Option<u64> {
        let mut named = self.named(name).filter(|(_, m)| !m.is_candidate());
        named.next().map(|(key, _)| key)
    }

    pub(super) fn get(&self, key: u64) -> Option<&Member> {
        self.by_key.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Member> {
        self.by_key.get_mut(&key)
    }

    pub(super) fn is_joined(&self, key: u64) -> bool {
        self.get(key).is_some_and(Member::is_joined)
    }

    pub(super) fn is_absent(&self, key: u64) -> bool {
        self.get(key).is_some_and(Member::is_absent)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Member)> {
        self.by_key.iter().map(|(&key, member)| (key, member))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u64, &mut Member)> {
        self.by_key.iter_mut().map(|(&key, member)| (key, member))
    }

    pub(super) fn keys(&self, standing: Standing) -> Vec<u64> {
        self.iter()
            .filter(|(_, member)| member.standing == standing)
            .map(|(key, _)| key)
            .collect()
    }

    pub(super) fn joined(&self) -> usize {
        self.joined
    }

    pub(super) fn absent(&self) -> usize {
        self.absent
    }

    pub(super) fn candidates(&self) -> usize {
        self.candidates
    }
}
