//! Prefixes that come and go, at one publisher or at all.

use super::state::{Shared, State};
use crate::error::SubscribeError;
use bytes::Bytes;
use linger_ack_proto::PrefixStanding;
use std::ops::Range;
use std::time::Instant;

/// Where all publishers concerned stand with a prefix.
pub(super) type Verdict = Option<Result<(), SubscribeError>>;

impl Shared {
    /// True if one of these publishers had not been asked for it yet.
    pub(super) fn subscribe(
        &self,
        links: Range<usize>,
        prefix: &[u8],
    ) -> Result<bool, SubscribeError> {
        let prefix = Bytes::copy_from_slice(prefix);
        let mut state = self.lock();
        if state.is_stopped() {
            return Err(self.ended(links.start, prefix));
        }
        let now = Instant::now();
        let mut asked = Vec::new();
        let mut is_anywhere = false;
        for at in links.clone() {
            let link = &mut state.links[at];
            if link.ended.is_some() {
                continue;
            }
            is_anywhere = true;
            match link.machine.subscribe(now, prefix.clone()) {
                Ok(true) => asked.push(at),
                Ok(false) => {}
                Err(source) => {
                    // All of them, or none.
                    for at in asked {
                        state.links[at].machine.unsubscribe(now, &prefix);
                    }
                    return Err(SubscribeError::Prefix { source });
                }
            }
        }
        drop(state);
        if !is_anywhere {
            return Err(self.ended(links.start, prefix));
        }
        self.wake();
        Ok(!asked.is_empty())
    }

    /// True if one of these publishers was asked for it.
    pub(super) fn unsubscribe(&self, links: Range<usize>, prefix: &[u8]) -> bool {
        let mut state = self.lock();
        let now = Instant::now();
        let mut was_wanted = false;
        for link in &mut state.links[links] {
            was_wanted |= link.machine.unsubscribe(now, prefix);
        }
        // Whoever waits for it waits in vain.
        self.announce(state);
        self.wake();
        was_wanted
    }

    pub(super) fn wait_until_subscribed(
        &self,
        links: Range<usize>,
        prefix: &[u8],
        deadline: Instant,
    ) -> Result<(), SubscribeError> {
        let judge = |state: &mut State| self.judge(state, links.clone(), prefix);
        match self.wait_by(deadline, judge) {
            Some(verdict) => verdict,
            None => Err(self.not_by_deadline(links, prefix)),
        }
    }

    /// Whether the prefix is granted, or never will be. `None`: that is not known yet.
    pub(super) fn judge(&self, state: &State, links: Range<usize>, prefix: &[u8]) -> Verdict {
        let prefix = || Bytes::copy_from_slice(prefix);
        let mut is_pending = false;
        for at in links {
            let link = &state.links[at];
            match link.prefix(&prefix()) {
                PrefixStanding::Subscribed => {}
                PrefixStanding::Refused { why } => {
                    return Some(Err(SubscribeError::Refused {
                        prefix: prefix(),
                        publisher: self.data_endpoint(at).to_owned(),
                        why,
                    }));
                }
                // Nothing is read any more, so no publisher's word either.
                _ if link.ended.is_some() || state.is_stopped() => {
                    return Some(Err(self.ended(at, prefix())));
                }
                PrefixStanding::Pending => is_pending = true,
                _ => {
                    return Some(Err(SubscribeError::Unwanted {
                        prefix: prefix(),
                        publisher: self.data_endpoint(at).to_owned(),
                    }));
                }
            }
        }
        (!is_pending).then_some(Ok(()))
    }

    pub(super) fn not_by_deadline(&self, links: Range<usize>, prefix: &[u8]) -> SubscribeError {
        let state = self.lock();
        let wanted = links.len();
        let links = state.links[links].iter();
        let granted = links.filter(|link| link.prefix(prefix) == PrefixStanding::Subscribed);
        SubscribeError::Deadline {
            prefix: Bytes::copy_from_slice(prefix),
            granted: granted.count(),
            wanted,
        }
    }

    fn ended(&self, at: usize, prefix: Bytes) -> SubscribeError {
        SubscribeError::Ended {
            prefix,
            publisher: self.data_endpoint(at).to_owned(),
        }
    }
}
