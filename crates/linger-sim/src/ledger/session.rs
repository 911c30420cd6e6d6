//! One session of a subscriber; or the claim of a name that is expected, and has none.

use super::{Lens, Periods, Run};
use crate::schedule::Time;
use bytes::Bytes;
use linger_ack_proto::{Identity, Level, Nonce, SessionId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) nonce: Nonce,
    /// Its place in the ledger.
    pub(crate) place: usize,
    /// The place of its subscriber; `None` if it is a name that is expected.
    pub(crate) subscriber: Option<usize>,
    pub(crate) name: String,
    pub(crate) level: Level,
    /// What its HELLO asks for.
    pub(crate) prefixes: Vec<Bytes>,
    /// Its changes of prefixes, by number: whether they are added, and which.
    pub(crate) changes: BTreeMap<u64, (bool, Vec<Bytes>)>,
    /// What is owed to it, by epoch and number of the WELCOME that says so.
    pub(crate) welcomes: BTreeMap<(usize, u64), Periods>,
    /// The epoch, number and count of the WELCOME whose parts are coming, and which have come.
    parts: (Option<(usize, u64, u16)>, BTreeSet<u16>),
    /// The epoch, and the WELCOME that came whole.
    pub(crate) welcomed: Option<(usize, u64)>,
    pub(crate) membership: Option<Membership>,
    /// By topic of the plan, and base of the period.
    pub(crate) topics: BTreeMap<(usize, u64), Taken>,
    /// What its application is to be given next, by topic of the plan.
    pub(crate) next: BTreeMap<usize, u64>,
    /// What its application has in hand of each topic was given so often.
    pub(crate) attempts: BTreeMap<(usize, u64), u32>,
    /// The last serial that it used, and the last marks that it said, by topic number.
    pub(crate) serial: u64,
    pub(crate) marks: BTreeMap<u32, (u64, u64)>,
    /// The highest serial that a publisher was handed, and the route that it came on, by epoch.
    pub(crate) heard: BTreeMap<usize, (u64, Bytes)>,
    /// When a publisher was last handed a frame of it, by epoch.
    pub(crate) heard_at: BTreeMap<usize, Time>,
    pub(crate) has_ended: bool,
}

/// The publisher counts it as a member, or did.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    /// The place of the epoch.
    pub(crate) epoch: usize,
    pub(crate) periods: Periods,
    /// What the publisher knows that it asks for, and the last change of that.
    pub(crate) prefixes: Vec<Bytes>,
    pub(crate) last_change: u64,
    /// What was accepted when it departed, or its heir came.
    pub(crate) until: Option<Lens>,
    /// The session that took over what it was owed.
    pub(crate) heir: Option<usize>,
    /// Its name is durable, and has no session.
    pub(crate) is_absent: bool,
}

/// One period of one topic, as its application saw it.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// What its library was handed, or told to be gone.
    pub(crate) received: Run,
    /// What its application acknowledged, or its library was told to be gone.
    pub(crate) processed: Run,
    /// What the library was told to be gone.
    pub(crate) gone: BTreeSet<u64>,
}

impl Session {
    pub(crate) fn new(
        identity: Identity,
        place: usize,
        subscriber: Option<usize>,
        name: String,
        level: Level,
        prefixes: Vec<Bytes>,
    ) -> Self {
        Self {
            id: identity.session,
            nonce: identity.nonce,
            place,
            subscriber,
            name,
            level,
            prefixes,
            changes: BTreeMap::new(),
            welcomes: BTreeMap::new(),
            parts: (None, BTreeSet::new()),
            welcomed: None,
            membership: None,
            topics: BTreeMap::new(),
            next: BTreeMap::new(),
            attempts: BTreeMap::new(),
            serial: 0,
            marks: BTreeMap::new(),
            heard: BTreeMap::new(),
            heard_at: BTreeMap::new(),
            has_ended: false,
        }
    }

    /// Its library is handed a part of a WELCOME.
    pub(crate) fn note_welcome(&mut self, epoch: usize, number: u64, part: u16, of: u16) {
        if self.welcomed.is_some() {
            return;
        }
        if self.parts.0 != Some((epoch, number, of)) {
            self.parts = (Some((epoch, number, of)), BTreeSet::new());
        }
        self.parts.1.insert(part);
        if self.parts.1.len() == usize::from(of) {
            self.welcomed = Some((epoch, number));
        }
    }

    /// Whether a WELCOME of that epoch came whole.
    pub(crate) fn is_in(&self, epoch: usize) -> bool {
        self.welcomed.is_some_and(|(at, _)| at == epoch)
    }

    /// What is owed to it, by what it was told.
    pub(crate) fn periods(&self) -> Option<&Periods> {
        match &self.membership {
            Some(membership) => Some(&membership.periods),
            None => self.welcomes.get(self.welcomed.as_ref()?),
        }
    }

    /// The period of a topic that a message is of, once a WELCOME came whole.
    pub(crate) fn taken(
        &mut self,
        epoch: usize,
        topic: usize,
        sequence: u64,
    ) -> Option<&mut Taken> {
        if !self.is_in(epoch) {
            return None;
        }
        let base = self.periods()?.base_at(topic, sequence)?;
        let taken = self.topics.entry((topic, base));
        Some(taken.or_insert_with(|| Taken {
            received: Run::from(base),
            processed: Run::from(base),
            gone: BTreeSet::new(),
        }))
    }

    /// Whether its library has everything up to there, of the period that it is of.
    pub(crate) fn has_received_to(&self, topic: usize, mark: u64) -> bool {
        self.holds_to(topic, mark, |taken| &taken.received)
    }

    /// Whether its application has acknowledged everything up to there, of that period.
    pub(crate) fn has_processed_to(&self, topic: usize, mark: u64) -> bool {
        self.holds_to(topic, mark, |taken| &taken.processed)
    }

    fn holds_to(&self, topic: usize, mark: u64, run: impl Fn(&Taken) -> &Run) -> bool {
        let base = self
            .periods()
            .and_then(|periods| periods.base_at(topic, mark + 1));
        match base {
            None => mark == 0,
            Some(base) if mark + 1 == base => true,
            Some(base) => {
                let taken = self.topics.get(&(topic, base));
                taken.is_some_and(|taken| run(taken).to() >= mark)
            }
        }
    }

    /// Whether a message was acknowledged, by its level. What is gone was not.
    pub(crate) fn has_acked(&self, topic: usize, sequence: u64) -> bool {
        let before = self.topics.range((topic, 0)..=(topic, sequence));
        let taken = before.last().map(|(_, taken)| taken);
        taken.is_some_and(|taken| {
            let run = match self.level {
                Level::Received => &taken.received,
                _ => &taken.processed,
            };
            run.has(sequence) && !taken.gone.contains(&sequence)
        })
    }
}
