//! What a message does that finds no room (SPEC W3, M9).
//!
//! First candidates go that hold the window back and should be members by now, then what only
//! absent names hold. Who is here is never passed over: then the window is full.

use super::Publisher;
use super::owed::{Owed, Standing};
use crate::marks::SequenceRange;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How soon candidates are looked at again that held back no more than others.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What is known of how room can be made, so that it is not looked for again and again in vain.
#[derive(Debug, Default)]
pub(super) struct Relief {
    /// Nothing can be had of what absent names hold, unless in a topic that has moved since.
    is_exhausted: bool,
    moved: BTreeSet<u32>,
    /// When it is worth to look at the candidates again.
    look_at: Option<Instant>,
    /// Somebody was sent away, and no room was made since.
    is_wanted: bool,
}

impl Relief {
    /// Who is absent has changed.
    pub(super) fn try_again(&mut self) {
        self.is_exhausted = false;
        self.moved.clear();
    }

    /// In this topic more may be had.
    pub(super) fn moved(&mut self, number: u32) {
        if self.is_exhausted {
            self.moved.insert(number);
        }
    }

    /// When to look for room though nobody publishes: whoever was sent away waits for it.
    pub(super) fn due(&self) -> Option<Instant> {
        self.look_at.filter(|_| self.is_wanted)
    }
}

impl Publisher {
    /// Makes room for a message of so many bytes, if that can be.
    pub(super) fn make_room(&mut self, now: Instant, len: u64) -> bool {
        if self.window.has_room(len) {
            return true;
        }
        self.forget_candidates(now);
        if !self.window.has_room(len) {
            self.pass_over_absent(len);
        }
        let has_room = self.window.has_room(len);
        self.relief.is_wanted = !has_room;
        has_room
    }

    /// Looks again at who holds the window back, for those who wait.
    pub(super) fn relieve(&mut self, now: Instant) {
        if self.relief.due().is_some_and(|at| at <= now) {
            let before = self.window.messages;
            self.forget_candidates(now);
            self.relief.is_wanted = self.window.messages >= before;
        }
    }

    /// SPEC W3a: candidates that had time to join, and hold back more than the members do.
    fn forget_candidates(&mut self, now: Instant) {
        if self.relief.look_at.is_some_and(|at| now < at) {
            return;
        }
        if self.members.candidates() == 0 {
            self.relief.look_at = None;
            return;
        }
        let mut look_at = None::<Instant>;
        for key in self.members.keys(Standing::Candidate) {
            let heard = self.members.get(key).and_then(|member| member.heard);
            let due = heard.unwrap_or(now) + self.config.join_grace;
            let again = if now < due {
                due
            } else if self.holds_more(key) {
                self.counters.forgotten += 1;
                self.drop_candidate(key);
                continue;
            } else {
                now + LOOK_AGAIN
            };
            look_at = Some(look_at.map_or(again, |at| at.min(again)));
        }
        self.relief.look_at = look_at;
    }

    fn holds_more(&self, key: u64) -> bool {
        let topics = self.members.get(key).map(|member| &member.topics);
        let topics = topics.into_iter().flatten();
        let mut topics = topics.filter_map(|&number| self.topics.get(number));
        topics.any(|topic| {
            let members = topic.owed.iter();
            let members = members.filter(|owed| owed.standing == Standing::Member);
            let floor = members.filter_map(Owed::floor).min();
            let floor = floor.unwrap_or(topic.next - 1);
            let cleared = topic.owed(key).map(Owed::cleared);
            !topic.retained.is_empty() && cleared.is_some_and(|cleared| cleared < floor)
        })
    }

    /// SPEC W3b: what only absent names hold is let go, oldest first, until there is some slack.
    fn pass_over_absent(&mut self, len: u64) {
        if self.members.absent() == 0 {
            return;
        }
        let moved = std::mem::take(&mut self.relief.moved);
        let runs: Vec<(u32, u64)> = match self.relief.is_exhausted {
            true => moved.into_iter().map(|number| (number, u64::MAX)).collect(),
            false => self
                .topics
                .runs()
                .map(|run| (run.number, run.last))
                .collect(),
        };
        // If the room suffices before all was looked at, all is looked at again the next time.
        self.relief.is_exhausted = false;
        for (number, last) in runs {
            if self.window.has_slack(len) {
                return;
            }
            if let Some(last) = self.only_absent_hold(number, last, len) {
                self.pass_over(number, last);
            }
        }
        self.relief.is_exhausted = !self.window.has_slack(len);
        self.relief.moved.clear();
    }

    /// Up to where nobody who is here holds a topic, at most up to `last` and as far as needed.
    fn only_absent_hold(&self, number: u32, last: u64, len: u64) -> Option<u64> {
        let topic = self.topics.get(number)?;
        let here = topic.owed.iter();
        let here = here.filter(|owed| owed.standing != Standing::Absent);
        let floor = here.filter_map(Owed::floor).min();
        let last = floor.map_or(last, |floor| last.min(floor));
        let mut window = self.window.clone();
        let mut lose_to = None;
        for (sequence, payload) in topic.retained.from(0) {
            if sequence > last || window.has_slack(len) {
                break;
            }
            window.let_go(payload);
            lose_to = Some(sequence);
        }
        lose_to
    }

    /// Whoever is absent can't have what a topic holds up to `last`: GONE, at once.
    fn pass_over(&mut self, number: u32, last: u64) {
        let Some(topic) = self.topics.get_mut(number) else {
            return;
        };
        let name = topic.name.clone();
        let mut lost = Vec::new();
        for owed in &mut topic.owed {
            let to = owed.until.map_or(last, |until| until.min(last));
            let range = SequenceRange::new(owed.cleared() + 1, to);
            if let (Standing::Absent, Some(range)) = (owed.standing, range) {
                owed.give_up(range);
                lost.push((owed.member, range));
            }
        }
        for (key, range) in lost {
            self.note_gone(key, name.clone(), range);
        }
        let before = self.window.messages;
        self.trim(number);
        self.counters.let_go += before - self.window.messages;
    }
}
