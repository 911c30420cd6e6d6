//! End of stream, and leaving: BYE with the final marks until BYE-OK.

use super::join::Stage;
use super::parts::Parts;
use super::{Subscriber, SubscriberEvent};
use crate::id::{Epoch, Level};
use crate::planted::{Bug, planted};
use crate::wire::{Part, ToPublisher};
use std::time::Instant;

/// How many marks BYE carries at most: 80 KB of them. What is beyond goes before it.
const BYE_MARKS: usize = 4_000;

/// How a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// The publisher has said that it has the final acknowledgements.
    Confirmed,
    /// It left, and never heard whether its final acknowledgements arrived.
    Unconfirmed,
    /// The publisher has closed, and what it last published may be missing here.
    Incomplete,
    /// A newer session took this member's name.
    Superseded,
}

/// What is known of the end.
#[derive(Debug, Default)]
pub(super) struct End {
    parts: Parts,
    is_whole: bool,
    announced: bool,
    /// FIN came, and nobody hears BYE any more.
    fin: bool,
    /// When to stop waiting for what the publisher may never say.
    forsaken_at: Option<Instant>,
}

impl End {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether END has come, in all its parts.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// What it lists was noted as sent: from then on it is missing until it comes.
    pub(super) fn note_part(&mut self, epoch: Epoch, part: Part) {
        self.is_whole |= self.parts.note(epoch, 0, part);
    }

    pub(super) fn forsaken_at(&self) -> Option<Instant> {
        self.forsaken_at
    }
}

impl Subscriber {
    /// Leaves: BYE with the marks as they stand, until it is confirmed or nobody answers.
    ///
    /// [`SubscriberEvent::Ended`] follows, after [`farewell`](crate::SubscriberConfig::farewell)
    /// at the latest.
    pub fn leave(&mut self, now: Instant) {
        match self.stage {
            Stage::Ended | Stage::Leaving => {}
            // Before MEMBER came, JOINED may have come there; BYE takes that back.
            Stage::Confirming { .. } | Stage::Member if !self.end.fin => {
                self.stage = Stage::Leaving;
                self.prefixes.abolish_changes();
                self.retry.start(now);
                self.end.forsaken_at = Some(now + self.config.farewell);
            }
            _ => self.end_with(EndReason::Unconfirmed),
        }
    }

    /// All that was published has been handed out and, where the level asks for it, acknowledged
    /// or given up for good (SPEC A6).
    pub(super) fn leave_if_done(&mut self, now: Instant) {
        if self.stage != Stage::Member || !self.end.is_whole() {
            return;
        }
        if !self.missing.is_empty() && !planted(Bug::EndAnnouncedEarly) {
            return;
        }
        self.announce_end(now);
        if self.unsettled == 0 || self.config.level == Level::Received {
            self.leave(now);
        }
    }

    pub(super) fn say_bye(&mut self) {
        let mut marks = self.marks();
        marks.retain(|_| !planted(Bug::ByeWithoutMarks));
        // A frame that the publisher takes for too large would never be answered.
        let rest = marks.split_off(marks.len().min(BYE_MARKS));
        self.say_marks(true, &rest);
        self.say(&ToPublisher::Bye { marks });
    }

    pub(super) fn handle_bye_ok(&mut self) {
        if self.stage == Stage::Leaving {
            self.end_with(EndReason::Confirmed);
        }
    }

    /// The publisher has closed. If it has all acknowledgements, the stream is whole, END or not;
    /// otherwise what is still on its way on the data connection may come yet.
    pub(super) fn handle_fin(&mut self, now: Instant, acked: bool) {
        match (self.stage, acked) {
            (Stage::Leaving | Stage::Member | Stage::Confirming { .. }, true) => {
                self.announce_end(now);
                self.end_with(EndReason::Confirmed);
            }
            (Stage::Leaving, false) => self.end_with(EndReason::Unconfirmed),
            (Stage::Ended | Stage::Lost | Stage::Joining, _) => self.counters.stale += 1,
            _ => {
                self.end.fin = true;
                self.end.forsaken_at = Some(now + self.config.farewell);
            }
        }
    }

    fn announce_end(&mut self, now: Instant) {
        if !self.end.announced {
            self.end.announced = true;
            self.acks.report_all(now);
            self.events.push_back(SubscriberEvent::EndOfStream);
        }
    }

    /// Nobody has answered BYE, or nothing more came after FIN.
    pub(super) fn end_if_forsaken(&mut self, now: Instant) {
        if self.end.forsaken_at.is_none_or(|at| now < at) {
            return;
        }
        let is_busy = self.stage != Stage::Leaving && self.pending() > 0;
        if is_busy {
            // The application is behind, so SUB may hold more that was not read yet.
            self.end.forsaken_at = Some(now + self.config.farewell);
        } else {
            self.end_unconfirmed();
        }
    }

    /// It ends without the publisher's word. Whoever left, or was handed all there was, misses
    /// nothing but that.
    pub(super) fn end_unconfirmed(&mut self) {
        let misses_nothing = self.stage == Stage::Leaving || self.end.announced;
        self.end_with(match misses_nothing {
            true => EndReason::Unconfirmed,
            false => EndReason::Incomplete,
        });
    }

    pub(super) fn end_with(&mut self, reason: EndReason) {
        if self.stage != Stage::Ended {
            self.stage = Stage::Ended;
            self.retry.stop();
            self.nack.stop();
            self.change.stop();
            self.prefixes.abolish_changes();
            self.events.push_back(SubscriberEvent::Ended { reason });
        }
    }
}
