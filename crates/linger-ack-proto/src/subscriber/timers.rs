//! What falls due, and when.

use super::join::Stage;
use super::{OUTBOX, Subscriber};
use crate::wire::ToPublisher;
use std::time::Instant;

impl Subscriber {
    /// Does what has fallen due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.end_if_forsaken(now);
        // While the socket takes nothing, what would be said merges until it does (SPEC A8).
        if self.stage == Stage::Ended || self.outbox.len() >= OUTBOX {
            return;
        }
        if self.retry.is_due(now) {
            match self.stage {
                Stage::Joining => self.say_hello(),
                Stage::Confirming { welcome } => self.say(&ToPublisher::Joined { welcome }),
                Stage::Leaving => self.say_bye(),
                Stage::Lost | Stage::Member | Stage::Ended => self.retry.stop(),
            }
        }
        if self.stage != Stage::Member {
            return;
        }
        self.say_change_if_due(now);
        self.say_nack_if_due(now);
        self.say_acks_if_due(now);
        if self.beat_at.is_none_or(|at| at <= now) {
            self.say(&ToPublisher::Beat);
            self.beat_at = Some(now + self.beat_every);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called; a time that is past means
    /// now, `None` not until something else happens.
    ///
    /// Whatever it names, `handle_timeout` does then: nobody spins. So what waits for room in the
    /// outbox, or for the application, is not in it: after frames or deliveries were polled, ask
    /// anew.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.stage == Stage::Ended {
            return None;
        }
        let may_speak = self.outbox.len() < OUTBOX;
        let is_member = may_speak && self.stage == Stage::Member;
        // Room comes from the application, not with time.
        let may_ask = is_member && !self.is_full();
        let due = [
            self.end.forsaken_at(),
            self.retry.due().filter(|_| may_speak),
            self.change.due().filter(|_| is_member),
            self.nack.due().filter(|_| may_ask),
            self.acks.due().filter(|_| is_member),
            self.beat_at.filter(|_| is_member),
        ];
        due.into_iter().flatten().min()
    }
}
