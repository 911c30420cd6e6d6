//! SYNC and END: in-band word of what was sent, for members whose marks stand still; and QUERY,
//! for those who have it all and whose acknowledgements may have been lost (SPEC R2, R6).

use super::Publisher;
use super::outbox::{Kind, Listed};
use super::owed::Standing;
use crate::planted::{Bug, planted};
use crate::wire::ToSubscriber;
use std::time::{Duration, Instant};

/// How soon END is said again for the first time; it doubles up to [`SLOWEST`].
const END_AGAIN: Duration = Duration::from_millis(50);

/// The longest wait between two markers to one member.
const SLOWEST: Duration = Duration::from_secs(1);

/// When a member is next told what was sent.
#[derive(Debug, Default)]
pub(super) struct Pace {
    has_progressed: bool,
    wait: Duration,
    due: Option<Instant>,
}

impl Pace {
    /// A mark of it went up.
    pub(super) fn progressed(&mut self) {
        self.has_progressed = true;
    }

    fn restart(&mut self, now: Instant, first: Duration) {
        *self = Self {
            has_progressed: false,
            wait: first,
            due: Some(now + first),
        };
    }

    /// Whether it is time for another marker; the wait for the next one doubles.
    fn is_due(&mut self, now: Instant, first: Duration) -> bool {
        let due = self.due.is_none_or(|due| due <= now);
        if due {
            self.wait = if self.wait.is_zero() {
                first
            } else {
                (self.wait * 2).min(SLOWEST)
            };
            self.due = Some(now + self.wait);
        }
        due
    }
}

impl Publisher {
    /// Looks at everyone whose marks stand still, and says what was sent.
    pub(super) fn scan_marks(&mut self, now: Instant) {
        self.topics.tidy();
        let mut more = false;
        for Lag {
            key,
            received: behind,
            acked,
        } in self.lags()
        {
            // It has everything, and says nothing: its application is slow, or an ACK was lost.
            let silent = !behind && acked;
            let Some(member) = self.members.get_mut(key) else {
                continue;
            };
            let query = member.query || silent;
            let closing = self.closing.is_some();
            if !closing && !behind && !query {
                member.sync = Pace::default();
                continue;
            }
            more = true;
            if !closing && member.sync.has_progressed {
                member.sync.restart(now, self.config.sync_after);
            }
            let first = if closing {
                END_AGAIN
            } else {
                self.config.sync_after
            };
            if !member.sync.is_due(now, first) {
                continue;
            }
            if query {
                self.query(key);
            }
            match self.closing {
                Some(_) => self.say_end(key),
                None if behind => self.say_sync(key),
                None => {}
            }
        }
        let every = match self.closing {
            Some(_) => END_AGAIN.min(self.config.sync_after),
            None => self.config.sync_after,
        };
        // Messages that only candidates are owed keep the scan going until they have joined.
        let more = more || self.window.messages > 0;
        self.scan_at = more.then(|| now + every);
    }

    /// Tells everyone who is behind what was sent, now: for a flush.
    pub fn sync_now(&mut self, now: Instant) {
        self.close_batches();
        for lag in self.lags().into_iter().filter(|lag| lag.acked) {
            if let Some(member) = self.members.get_mut(lag.key) {
                member.sync.restart(now, self.config.sync_after);
            }
            self.say_sync(lag.key);
        }
    }

    /// END to every member, and again until they are done or the deadline comes.
    pub(super) fn begin_end(&mut self, now: Instant) {
        for key in self.members.keys(Standing::Member) {
            if let Some(member) = self.members.get_mut(key) {
                member.sync.restart(now, END_AGAIN);
            }
            self.say_end(key);
        }
        self.scan_at = Some(now + END_AGAIN.min(self.config.sync_after));
    }

    pub(super) fn query(&mut self, key: u64) {
        self.counters.queries += 1;
        self.reply_to(key, &ToSubscriber::Query);
    }

    fn say_sync(&mut self, key: u64) {
        if planted(Bug::NoSync) {
            return;
        }
        let topics = self.members.get(key).map_or(0, |m| m.topics.len());
        self.say_list(key, Kind::Sync, Listed::First(topics));
    }

    /// Names every topic that is owed. One that was released, and is acknowledged, is owed no
    /// more: the member may have forgotten it.
    ///
    /// Which these are is fixed the first time. So each round of END is cut into the same parts,
    /// and a member may put parts of several rounds together.
    pub(super) fn say_end(&mut self, key: u64) {
        let Some(member) = self.members.get(key).filter(|_| !planted(Bug::NoEnd)) else {
            return;
        };
        let listed = match &member.end {
            Some(listed) => listed.clone(),
            // Nothing was ever released, so it is all.
            None if member.changes.last() == 0 => Listed::First(member.topics.len()),
            None => {
                let topics = member.topics.iter().copied();
                let is_owed = |&number: &u32| {
                    let owed = self.topics.get(number).and_then(|topic| topic.owed(key));
                    let drops_released = planted(Bug::EndWithoutReleased);
                    owed.is_some_and(|owed| {
                        owed.until.is_none() || (owed.floor().is_some() && !drops_released)
                    })
                };
                Listed::These(topics.filter(is_owed).collect())
            }
        };
        if let Some(member) = self.members.get_mut(key) {
            member.end = Some(listed.clone());
        }
        self.say_list(key, Kind::End, listed);
    }

    /// Which marks of every member are below what it is owed, in any topic; in order of their keys.
    fn lags(&self) -> Vec<Lag> {
        let keys = self.members.keys(Standing::Member);
        let mut lags: Vec<Lag> = keys.into_iter().map(Lag::none).collect();
        let mut unknown = 2 * lags.len();
        // One look at each topic, whoever is owed it: there may be many of both.
        for (_, topic) in self.topics.active() {
            if unknown == 0 {
                break;
            }
            for owed in topic.owed.iter().filter(|owed| owed.is_live()) {
                let Ok(at) = lags.binary_search_by_key(&owed.member, |lag| lag.key) else {
                    continue;
                };
                let Some(lag) = lags.get_mut(at) else {
                    continue;
                };
                let last = owed.last(topic.next);
                let found = (owed.received < last, owed.acked() < last);
                unknown -= usize::from(found.0 && !lag.received);
                unknown -= usize::from(found.1 && !lag.acked);
                lag.received |= found.0;
                lag.acked |= found.1;
            }
        }
        lags
    }
}

/// Which marks of a member are below what it is owed.
struct Lag {
    key: u64,
    received: bool,
    acked: bool,
}

impl Lag {
    fn none(key: u64) -> Self {
        Self {
            key,
            received: false,
            acked: false,
        }
    }
}
