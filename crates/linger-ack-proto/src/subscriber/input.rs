//! What comes in, told apart.

use super::Subscriber;
use super::join::{Stage, words};
use super::leave::EndReason;
use crate::planted::{Bug, planted};
use crate::wire::{BatchEnvelope, Envelope, InBand, ToSubscriber, is_private, split_private};
use bytes::Bytes;
use std::time::Instant;

impl Subscriber {
    /// Takes in one message of the SUB socket: its first frame, and the second if there is one.
    ///
    /// What is broken, foreign or of another epoch is counted and dropped.
    pub fn handle_data(&mut self, now: Instant, first: &[u8], payload: Option<Bytes>) {
        if self.is_too_large(first) || payload.as_ref().is_some_and(|p| self.is_too_large(p)) {
            return;
        }
        if is_private(first) {
            return self.handle_private(now, first);
        }
        let Some(payload) = payload else {
            self.counters.broken += 1;
            return;
        };
        match Envelope::decode(first) {
            Ok(envelope) => self.handle_message(now, &envelope, payload),
            Err(_) => self.handle_batch(now, BatchEnvelope::decode(first), payload),
        }
    }

    /// Takes in one message of the SUB socket that has three frames (SPEC D2).
    ///
    /// Its topic stands bare in the first, and the last holds what an envelope adds to it. What is
    /// broken, foreign or of another epoch is counted and dropped.
    pub fn handle_bare(&mut self, now: Instant, topic: &[u8], payload: Bytes, trailer: &[u8]) {
        if self.is_too_large(topic) || self.is_too_large(&payload) {
            return;
        }
        match Envelope::decode_bare(topic, trailer) {
            Ok(envelope) => self.handle_message(now, &envelope, payload),
            Err(_) => {
                let batch = BatchEnvelope::decode_bare(topic, trailer);
                self.handle_batch(now, batch, payload);
            }
        }
    }

    fn handle_private(&mut self, now: Instant, first: &[u8]) {
        let Some((nonce, body)) = split_private(&Bytes::copy_from_slice(first)) else {
            self.counters.broken += 1;
            return;
        };
        if nonce != self.identity.nonce {
            return; // somebody else's; whoever subscribes to everything sees them
        }
        match InBand::decode(&body) {
            Ok((epoch, body)) => self.handle_in_band(now, epoch, body),
            Err(_) => self.counters.broken += 1,
        }
    }

    /// Takes in one frame of the DEALER socket. What is broken or stale is counted and dropped.
    pub fn handle_control(&mut self, now: Instant, frame: &Bytes) {
        if self.is_too_large(frame) {
            return;
        }
        let Ok((header, body)) = ToSubscriber::decode(frame) else {
            self.counters.broken += 1;
            return;
        };
        // Nobody can answer a session that has said nothing yet.
        if header.session != self.identity.session || self.serial == 0 {
            self.counters.stale += 1;
            return;
        }
        // These two also speak of an epoch that is over, or of one that is not known yet.
        match body {
            ToSubscriber::Unknown => return self.handle_unknown(header.epoch),
            ToSubscriber::Versions { lowest, highest } => {
                return self.handle_versions(now, header.epoch, lowest, highest);
            }
            _ => {}
        }
        if self.epoch.is_some_and(|epoch| epoch != header.epoch) {
            self.counters.stale += 1;
            return;
        }
        match body {
            ToSubscriber::Member => self.handle_member(now),
            ToSubscriber::Repair(repair) => self.handle_repair(now, repair),
            ToSubscriber::Gone(range) => self.handle_gone(now, range),
            ToSubscriber::Query if planted(Bug::QueryIgnored) => {}
            ToSubscriber::Query => self.acks.report_all(now),
            ToSubscriber::ByeOk => self.handle_bye_ok(),
            ToSubscriber::Fin { acked } => self.handle_fin(now, acked),
            ToSubscriber::Superseded => self.end_with(EndReason::Superseded),
            ToSubscriber::Evicted => self.handle_evicted(),
            ToSubscriber::Closing => {
                let why = "the publisher is closing";
                match self.stage {
                    Stage::Member => self.handle_changes_closed(now, why),
                    _ => self.handle_refusal(now, why),
                }
            }
            ToSubscriber::Refused { change: 0, why } => self.handle_refusal(now, words(why)),
            ToSubscriber::Refused { change, why } => {
                self.handle_change_refused(now, change, words(why));
            }
            ToSubscriber::Unknown | ToSubscriber::Versions { .. } => {}
        }
    }

    /// SPEC X1: what is larger than anything that is expected is broken.
    fn is_too_large(&mut self, frame: &[u8]) -> bool {
        let is_too_large = frame.len() as u64 > self.config.max_frame;
        self.counters.broken += u64::from(is_too_large);
        is_too_large
    }
}
