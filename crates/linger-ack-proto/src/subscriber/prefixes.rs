//! What the application wants, what the publisher owes for it, and the changes in between.

use super::parts::Parts;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// How many prefixes may be wanted at once: as many as any publisher may take.
pub(super) const MAX_PREFIXES: usize = 65_536;

/// About how many bytes of prefixes HELLO names at most. What is beyond is asked for once the
/// subscriber is a member: a frame that a publisher takes for too large would never be answered.
const HELLO_BYTES: usize = 32 << 10;

/// How many prefixes one change names at most, and about how many bytes of them.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 16 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Subscribe,
    Unsubscribe,
}

/// The one change that is out.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) number: u64,
    pub(super) kind: Kind,
    pub(super) prefixes: Vec<Bytes>,
    /// What has come of its answer.
    pub(super) parts: Parts,
}

/// Whose a topic is that nothing is known of yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is owed from 1 on: a granted prefix matches it.
    Owed,
    /// Only what is asked for just now matches it: the answer will say from where it is owed.
    Awaited,
    /// Only what is being given up matches it: the answer will say whether it is owed.
    Released,
    /// Nothing matches it.
    Foreign,
}

/// Each prefix stands in the queue at most once, so all of it is bounded by [`MAX_PREFIXES`].
#[derive(Debug)]
pub(super) struct Prefixes {
    /// What the application wants in the end.
    wanted: BTreeSet<Bytes>,
    /// What HELLO named and GRANTED added, less what was asked to be given up.
    granted: BTreeSet<Bytes>,
    /// What the driver was told to subscribe SUB to.
    on_socket: BTreeSet<Bytes>,
    /// HELLO was said, so that session's bases are, or will be, those of `granted`.
    is_fixed: bool,
    /// Changes that are still to be asked for, in the application's order.
    queue: BTreeMap<u64, (Kind, Bytes)>,
    places: BTreeMap<Bytes, u64>,
    next_place: u64,
    asked: Option<Asked>,
    last_number: u64,
    batch: usize,
    /// What was not granted, and why, until it is wished for anew.
    refused: BTreeMap<Bytes, &'static str>,
}

impl Prefixes {
    pub(super) fn new(prefixes: &[Bytes]) -> Self {
        let wanted: BTreeSet<_> = prefixes.iter().cloned().collect();
        Self {
            on_socket: wanted.clone(),
            wanted,
            granted: BTreeSet::new(),
            is_fixed: false,
            queue: BTreeMap::new(),
            places: BTreeMap::new(),
            next_place: 0,
            asked: None,
            last_number: 0,
            batch: BATCH,
            refused: BTreeMap::new(),
        }
    }

    pub(super) fn wanted(&self) -> &BTreeSet<Bytes> {
        &self.wanted
    }

    pub(super) fn is_granted(&self, prefix: &[u8]) -> bool {
        self.granted.contains(prefix)
    }

    pub(super) fn is_wanted(&self, prefix: &[u8]) -> bool {
        self.wanted.contains(prefix)
    }

    /// Whether SUB has it.
    pub(super) fn is_on_socket(&self, prefix: &[u8]) -> bool {
        self.on_socket.contains(prefix)
    }

    /// Why it was not granted, if that is the last that is known of it.
    pub(super) fn refusal(&self, prefix: &[u8]) -> Option<&'static str> {
        self.refused.get(prefix).copied()
    }

    /// Remembers why a prefix was given up, as long as there is room.
    pub(super) fn note_refused(&mut self, prefix: &Bytes, why: &'static str) {
        if self.refused.len() < MAX_PREFIXES {
            self.refused.insert(prefix.clone(), why);
        }
    }

    /// Takes note of a wish. False if it was the last one too.
    pub(super) fn wish(&mut self, kind: Kind, prefix: &Bytes) -> bool {
        let is_new = match kind {
            Kind::Subscribe => self.wanted.insert(prefix.clone()),
            Kind::Unsubscribe => self.wanted.remove(prefix),
        };
        self.refused.remove(prefix);
        if !is_new || !self.is_fixed {
            return is_new;
        }
        if !self.drop_from_queue(prefix) {
            self.next_place += 1;
            self.queue.insert(self.next_place, (kind, prefix.clone()));
            self.places.insert(prefix.clone(), self.next_place);
        }
        true
    }

    /// A wish and its contrary, of which neither was asked for, come to nothing.
    fn drop_from_queue(&mut self, prefix: &Bytes) -> bool {
        let place = self.places.remove(prefix);
        place.is_some_and(|place| self.queue.remove(&place).is_some())
    }

    /// HELLO is said: what it names is what this session's bases are for (SPEC J2).
    pub(super) fn fix(&mut self) -> Vec<Bytes> {
        if !self.is_fixed {
            self.is_fixed = true;
            let mut bytes = 0;
            for prefix in &self.wanted {
                bytes += prefix.len() + 2;
                if bytes <= HELLO_BYTES || self.granted.is_empty() {
                    self.granted.insert(prefix.clone());
                } else {
                    self.next_place += 1;
                    let wish = (Kind::Subscribe, prefix.clone());
                    self.queue.insert(self.next_place, wish);
                    self.places.insert(prefix.clone(), self.next_place);
                }
            }
        }
        self.granted.iter().cloned().collect()
    }

    /// The session is lost, and what it had asked for with it (SPEC P8). What it was granted.
    pub(super) fn lose(&mut self) -> BTreeSet<Bytes> {
        self.is_fixed = false;
        self.abolish_changes();
        self.last_number = 0;
        std::mem::take(&mut self.granted)
    }

    /// Nothing more is asked for.
    pub(super) fn abolish_changes(&mut self) {
        self.queue.clear();
        self.places.clear();
        self.asked = None;
        self.batch = BATCH;
    }

    /// What SUB is to be told, so that it has what is wanted and nothing else.
    pub(super) fn settle_socket(&mut self) -> Vec<(Kind, Bytes)> {
        let superfluous = self.on_socket.difference(&self.wanted);
        let lacking = self.wanted.difference(&self.on_socket);
        let superfluous = superfluous.map(|prefix| (Kind::Unsubscribe, prefix.clone()));
        let told = superfluous
            .chain(lacking.map(|prefix| (Kind::Subscribe, prefix.clone())))
            .collect();
        self.on_socket = self.wanted.clone();
        told
    }

    /// SUB is told of one prefix; false if it knows.
    pub(super) fn set_socket(&mut self, kind: Kind, prefix: &Bytes) -> bool {
        match kind {
            Kind::Subscribe => self.on_socket.insert(prefix.clone()),
            Kind::Unsubscribe => self.on_socket.remove(prefix),
        }
    }

    pub(super) fn is_fixed(&self) -> bool {
        self.is_fixed
    }

    pub(super) fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// The change that is out, if it is this one.
    pub(super) fn asked_mut(&mut self, kind: Kind, number: u64) -> Option<&mut Asked> {
        let asked = self.asked.as_mut();
        asked.filter(|asked| asked.kind == kind && asked.number == number)
    }

    /// Takes the next change out of the queue, if none is out (SPEC P1).
    pub(super) fn ask_next(&mut self) -> Option<&Asked> {
        if self.asked.is_some() {
            return None;
        }
        let (_, &(kind, _)) = self.queue.first_key_value()?;
        let (mut prefixes, mut bytes) = (Vec::new(), 0);
        while let Some(entry) = self.queue.first_entry() {
            let (next, prefix) = entry.get();
            bytes += prefix.len();
            let is_full = prefixes.len() >= self.batch || bytes > BATCH_BYTES;
            if *next != kind || (is_full && !prefixes.is_empty()) {
                break;
            }
            let (_, prefix) = entry.remove();
            self.places.remove(&prefix);
            if kind == Kind::Unsubscribe {
                // SPEC P6: from now on a topic that only this one matches may not be owed.
                self.granted.remove(&prefix);
            }
            prefixes.push(prefix);
        }
        self.last_number += 1;
        self.asked = Some(Asked {
            number: self.last_number,
            kind,
            prefixes,
            parts: Parts::default(),
        });
        self.asked.as_ref()
    }

    /// The change that is out was granted.
    pub(super) fn grant(&mut self) -> Vec<Bytes> {
        let prefixes = self.asked.take().map(|asked| asked.prefixes);
        let prefixes = prefixes.unwrap_or_default();
        self.granted.extend(prefixes.iter().cloned());
        if self.queue.is_empty() {
            self.batch = BATCH;
        }
        prefixes
    }

    /// The change that is out was released.
    pub(super) fn release(&mut self) -> Vec<Bytes> {
        let asked = self.asked.take();
        asked.map(|asked| asked.prefixes).unwrap_or_default()
    }

    /// The change that is out was refused: what is given up of it (SPEC P7), each with whether it
    /// was still wanted.
    ///
    /// Several that are refused together are asked for one by one, so that one too many does not
    /// take the others with it.
    pub(super) fn refuse(&mut self) -> Vec<(Bytes, bool)> {
        let prefixes = self.asked.take().map(|asked| asked.prefixes);
        let prefixes = prefixes.unwrap_or_default();
        if prefixes.len() > 1 {
            self.batch = 1;
            let prefixes: BTreeSet<_> = prefixes.into_iter().collect();
            let later = std::mem::take(&mut self.queue);
            let later = later.into_values().filter(|(_, p)| !prefixes.contains(p));
            let later: Vec<_> = later.collect();
            let (wanted, given_up): (Vec<_>, Vec<_>) =
                prefixes.into_iter().partition(|p| self.wanted.contains(p));
            self.places.clear();
            let first = wanted.into_iter().map(|prefix| (Kind::Subscribe, prefix));
            for (kind, prefix) in first.chain(later) {
                self.next_place += 1;
                self.places.insert(prefix.clone(), self.next_place);
                self.queue.insert(self.next_place, (kind, prefix));
            }
            return given_up.into_iter().map(|prefix| (prefix, false)).collect();
        }
        self.give_up(prefixes)
    }

    /// Nothing more is granted, as the publisher closes: what is given up.
    pub(super) fn refuse_all(&mut self) -> Vec<(Bytes, bool)> {
        let is_subscribe = |asked: &mut Asked| asked.kind == Kind::Subscribe;
        let asked = self.asked.take_if(is_subscribe);
        let mut prefixes = asked.map(|asked| asked.prefixes).unwrap_or_default();
        let queued = self.queue.values();
        let queued = queued.filter(|(kind, _)| *kind == Kind::Subscribe);
        prefixes.extend(queued.map(|(_, prefix)| prefix.clone()));
        self.give_up(prefixes)
    }

    fn give_up(&mut self, prefixes: Vec<Bytes>) -> Vec<(Bytes, bool)> {
        let prefixes = prefixes.into_iter().map(|prefix| {
            self.drop_from_queue(&prefix);
            let was_wanted = self.wanted.remove(&prefix);
            (prefix, was_wanted)
        });
        prefixes.collect()
    }

    /// Whose a topic is that nothing is known of yet.
    pub(super) fn claim(&self, topic: &[u8]) -> Claim {
        if matches_any(&self.granted, topic) {
            return Claim::Owed;
        }
        let mut asked = self.asked.iter();
        let is_match = |asked: &&Asked| asked.prefixes.iter().any(|p| topic.starts_with(p));
        match asked.find(is_match).map(|asked| asked.kind) {
            Some(Kind::Subscribe) => Claim::Awaited,
            Some(Kind::Unsubscribe) => Claim::Released,
            None => Claim::Foreign,
        }
    }
}

/// Whether any of these prefixes matches a topic, without trying each.
///
/// Whatever matches and sorts before the last prefix that does not sort after the topic is a
/// prefix of that one too, so no longer than what it shares with the topic.
pub(super) fn matches_any(prefixes: &BTreeSet<Bytes>, topic: &[u8]) -> bool {
    let mut rest = topic;
    loop {
        let range = (Bound::Unbounded, Bound::Included(rest));
        let Some(last) = prefixes.range::<[u8], _>(range).next_back() else {
            return false;
        };
        let shared = last.iter().zip(rest).take_while(|(a, b)| a == b).count();
        if shared == last.len() {
            return true;
        }
        rest = &rest[..shared];
    }
}

#[cfg(test)]
mod tests;
