//! One session of a subscriber.

use super::{Lens, Run};
use bytes::Bytes;
use linger_ack_proto::{Identity, Level, Nonce, SessionId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) nonce: Nonce,
    /// Its place in the ledger.
    pub(crate) place: usize,
    /// The place of its subscriber.
    pub(crate) subscriber: usize,
    pub(crate) name: String,
    pub(crate) level: Level,
    pub(crate) prefixes: Vec<Bytes>,
    /// What was accepted when its HELLO came, by epoch and number of the WELCOME that answered it.
    pub(crate) welcomes: BTreeMap<(usize, u64), Lens>,
    parts: (Option<(usize, u64)>, BTreeSet<u16>),
    /// The epoch, and the WELCOME that came whole.
    pub(crate) welcomed: Option<(usize, u64)>,
    pub(crate) membership: Option<Membership>,
    /// By topic of the plan.
    pub(crate) topics: BTreeMap<usize, Taken>,
    /// The last serial that it used, and the last marks that it said, by topic number.
    pub(crate) serial: u64,
    pub(crate) marks: BTreeMap<u32, (u64, u64)>,
    pub(crate) has_ended: bool,
}

/// The publisher counts it as a member, or did.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    /// The place of the epoch.
    pub(crate) epoch: usize,
    /// What was accepted when its HELLO came: what follows is owed.
    pub(crate) from: Lens,
    /// What was accepted when it departed: what follows is not owed.
    pub(crate) until: Option<Lens>,
}

/// One topic of a session.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) base: u64,
    /// What its library was handed, or told to be gone.
    pub(crate) received: Run,
    /// What its application acknowledged, or its library was told to be gone.
    pub(crate) processed: Run,
    /// What the library was told to be gone.
    pub(crate) gone: BTreeSet<u64>,
    /// What the application is to be given next.
    pub(crate) next: u64,
}

impl Session {
    pub(crate) fn new(
        identity: Identity,
        place: usize,
        subscriber: usize,
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
            welcomes: BTreeMap::new(),
            parts: (None, BTreeSet::new()),
            welcomed: None,
            membership: None,
            topics: BTreeMap::new(),
            serial: 0,
            marks: BTreeMap::new(),
            has_ended: false,
        }
    }

    pub(crate) fn wants(&self, topic: &[u8]) -> bool {
        self.prefixes.iter().any(|prefix| topic.starts_with(prefix))
    }

    /// Its library is handed a part of a WELCOME.
    pub(crate) fn note_welcome(&mut self, epoch: usize, number: u64, part: u16, of: u16) {
        if self.welcomed.is_some() {
            return;
        }
        if self.parts.0 != Some((epoch, number)) {
            self.parts = (Some((epoch, number)), BTreeSet::new());
        }
        self.parts.1.insert(part);
        if self.parts.1.len() == usize::from(of) {
            self.welcomed = self.parts.0;
        }
    }

    /// Whether a WELCOME of that epoch came whole.
    pub(crate) fn is_in(&self, epoch: usize) -> bool {
        self.welcomed.is_some_and(|(at, _)| at == epoch)
    }

    /// The first sequence that it is owed of a topic, by the WELCOME that it took.
    pub(crate) fn base(&self, topic: usize) -> Option<u64> {
        let lens = self.welcomes.get(self.welcomed.as_ref()?)?;
        Some(lens.get(topic).copied().unwrap_or(0) + 1)
    }

    /// The topic, once a WELCOME came whole and if it is of that epoch.
    pub(crate) fn taken(&mut self, epoch: usize, topic: usize) -> Option<&mut Taken> {
        if self.welcomed?.0 != epoch {
            return None;
        }
        let base = self.base(topic)?;
        Some(self.topics.entry(topic).or_insert_with(|| Taken {
            base,
            received: Run::from(base),
            processed: Run::from(base),
            gone: BTreeSet::new(),
            next: base,
        }))
    }

    /// Up to where its library has everything.
    pub(crate) fn received_to(&self, topic: usize) -> u64 {
        match self.topics.get(&topic) {
            Some(taken) => taken.received.to(),
            None => self.base(topic).unwrap_or(1) - 1,
        }
    }

    /// Up to where its application has acknowledged everything.
    pub(crate) fn processed_to(&self, topic: usize) -> u64 {
        match self.topics.get(&topic) {
            Some(taken) => taken.processed.to(),
            None => self.base(topic).unwrap_or(1) - 1,
        }
    }

    /// Whether a message was acknowledged, by its level. What is gone was not.
    pub(crate) fn has_acked(&self, topic: usize, sequence: u64) -> bool {
        self.topics.get(&topic).is_some_and(|taken| {
            let run = match self.level {
                Level::Received => &taken.received,
                _ => &taken.processed,
            };
            sequence >= taken.base && run.has(sequence) && !taken.gone.contains(&sequence)
        })
    }
}
