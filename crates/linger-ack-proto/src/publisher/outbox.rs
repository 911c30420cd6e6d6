//! What is to be said. It is encoded when the driver asks for it, one frame at a time.
//!
//! A list of a hundred thousand topics to each of a thousand members, or a window of repairs, is
//! never there as bytes: what waits is who is to be told what. So no call takes long, and a driver
//! can look at its clock between any two frames.

use super::owed::Owed;
use super::{Publisher, Transmit};
use crate::id::SessionId;
use crate::planted::{Bug, planted};
use crate::wire::{Changed, InBand, Part, ToSubscriber, TopicEntry, Welcome};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;

/// What waits to be said: first what is short, then the lists.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    short: VecDeque<Short>,
    lists: VecDeque<List>,
}

#[derive(Debug)]
enum Short {
    Settle,
    Control {
        route: Bytes,
        session: SessionId,
        body: ToSubscriber,
    },
}

/// A list of topics for one member, part by part.
#[derive(Debug)]
struct List {
    key: u64,
    kind: Kind,
    topics: Listed,
    /// How many topics a part looks at; of SYNC, how many it names.
    size: usize,
    /// The next topic.
    at: usize,
    part: Part,
}

/// Which list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Welcome,
    Sync,
    End,
    /// The answer to the change of this number.
    Granted(u64),
    /// The answer to the change of this number.
    Released(u64),
}

/// The topics of a list.
#[derive(Clone, Debug)]
pub(super) enum Listed {
    /// So many of the member's topics, from the first one: it never loses one.
    First(usize),
    These(Arc<[u32]>),
}

impl Outbox {
    /// Has the PUB socket look for credit, unless that is the last thing that waits already.
    pub(super) fn settle(&mut self) {
        if !matches!(self.short.back(), Some(Short::Settle)) {
            self.short.push_back(Short::Settle);
        }
    }

    pub(super) fn control(&mut self, route: Bytes, session: SessionId, body: ToSubscriber) {
        self.short.push_back(Short::Control {
            route,
            session,
            body,
        });
    }

    /// Forgets the lists: nobody waits for them any more.
    pub(super) fn drop_lists(&mut self) {
        self.lists.clear();
    }

    fn is_listing(&self, key: u64, kind: Kind) -> bool {
        let mut lists = self.lists.iter();
        lists.any(|list| (list.key, list.kind) == (key, kind))
    }
}

impl Publisher {
    /// What to do next with the sockets. It costs at most one frame, however much there is to say.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        if let Some(frames) = self.next_ready() {
            return Some(Transmit::Batch(frames));
        }
        match self.outbox.short.pop_front() {
            Some(Short::Settle) => return Some(Transmit::Settle),
            Some(Short::Control {
                route,
                session,
                body,
            }) => {
                let frame = body.encode(&self.header(session));
                return Some(Transmit::Control { route, frame });
            }
            None => {}
        }
        // SPEC D6: what an in-band frame says was sent was sent before it.
        if !self.outbox.lists.is_empty() && !planted(Bug::BatchOvertaken) {
            self.close_batches();
            if let Some(frames) = self.next_ready() {
                return Some(Transmit::Batch(frames));
            }
        }
        while let Some(mut list) = self.outbox.lists.pop_front() {
            if let Some(body) = self.next_part(&mut list) {
                let nonce = self.members.get(list.key)?.nonce;
                if !list.is_over() {
                    // The others have their turn before its next part.
                    self.outbox.lists.push_back(list);
                }
                let frame = body.encode(&nonce, self.epoch);
                return Some(Transmit::Private { frame });
            }
        }
        None
    }

    /// Says a list on a member's private topic, unless it is being said.
    pub(super) fn say_list(&mut self, key: u64, kind: Kind, topics: Listed) {
        let Some(member) = self.members.get(key) else {
            return;
        };
        if self.outbox.is_listing(key, kind) {
            return;
        }
        let len = topics.of(&member.topics).len();
        let least = len.div_ceil(usize::from(u16::MAX));
        let size = usize::from(self.config.entries_per_part).max(least).max(1);
        let count = u16::try_from(len.div_ceil(size).max(1)).unwrap_or(u16::MAX);
        self.outbox.lists.push_back(List {
            key,
            kind,
            topics,
            size,
            at: 0,
            part: Part { index: 0, count },
        });
    }

    /// The next part of a list; `None` if nobody wants it any more, or nothing is left of it.
    fn next_part(&mut self, list: &mut List) -> Option<InBand> {
        let member = self.members.get(list.key)?;
        let is_wanted = match list.kind {
            Kind::Welcome => member.is_candidate(),
            Kind::Sync | Kind::End => member.is_joined(),
            Kind::Granted(number) | Kind::Released(number) => member.changes.last() == number,
        };
        if !is_wanted {
            return None;
        }
        let topics = list.topics.of(&member.topics);
        let rest = topics.get(list.at..)?;
        // What is up to date has no place in SYNC, so it looks on until its part is full.
        let looked_at = match list.kind {
            Kind::Sync => rest,
            _ => rest.get(..list.size).unwrap_or(rest),
        };
        let mut entries = Vec::new();
        for &number in looked_at {
            list.at += 1;
            entries.extend(self.entry(list.key, number, list.kind));
            if entries.len() == list.size {
                break;
            }
        }
        let part = list.part;
        list.part.index = part.index.saturating_add(1);
        let changed = |number, entries| Changed {
            number,
            part,
            entries,
        };
        Some(match list.kind {
            Kind::Welcome => InBand::Welcome(self.welcome(list.key, part, entries)),
            Kind::Sync if entries.is_empty() => return None,
            Kind::Sync => {
                self.counters.markers += 1;
                InBand::Sync { entries }
            }
            Kind::End => {
                self.counters.markers += 1;
                InBand::End { part, entries }
            }
            Kind::Granted(number) => InBand::Granted(changed(number, entries)),
            Kind::Released(number) => InBand::Released(changed(number, entries)),
        })
    }

    fn welcome(&self, key: u64, part: Part, entries: Vec<TopicEntry>) -> Welcome {
        let config = &self.config;
        Welcome {
            number: key,
            part,
            window_messages: config.window_messages,
            window_bytes: config.window_bytes,
            expiry_ms: u32::try_from(config.expiry.as_millis()).unwrap_or(u32::MAX),
            entries,
        }
    }

    /// What a list says of a topic, if anything.
    fn entry(&self, key: u64, number: u32, kind: Kind) -> Option<TopicEntry> {
        let topic = self.topics.get(number)?;
        let owed = topic.owed(key)?;
        let after_last = |owed: &Owed| owed.last(topic.next) + 1;
        let sequence = match kind {
            Kind::Welcome if planted(Bug::BaseRecomputed) => topic.next,
            Kind::Granted(_) if planted(Bug::GrantedBasePlusOne) => owed.base + 1,
            Kind::Released(_) if planted(Bug::ReleasedOneTooLow) => owed.until?,
            Kind::Welcome | Kind::Granted(_) => owed.base,
            Kind::Sync | Kind::End => after_last(owed),
            Kind::Released(_) => owed.until? + 1,
        };
        let is_named = kind != Kind::Sync || owed.acked() + 1 < sequence;
        let topic = topic.name.clone();
        is_named.then_some(TopicEntry {
            number,
            sequence,
            topic,
        })
    }
}

impl List {
    fn is_over(&self) -> bool {
        self.part.index >= self.part.count
    }
}

impl Listed {
    fn of<'a>(&'a self, topics: &'a [u32]) -> &'a [u32] {
        match self {
            Self::First(len) => topics.get(..*len).unwrap_or(topics),
            Self::These(topics) => topics,
        }
    }
}
