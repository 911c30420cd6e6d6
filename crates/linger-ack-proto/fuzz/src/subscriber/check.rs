//! What is looked at after every operation.

use super::Harness;
use bytes::Bytes;
use linger_ack_proto::wire::{ToPublisher, TopicRange};
use linger_ack_proto::{EndReason, Epoch, SubscriberEvent};

/// How many frames wait at most while the socket takes none: what is said then merges.
const WAITING: usize = 24;

impl Harness<'_> {
    pub(super) fn look(&mut self) {
        let had_ended = self.has_ended;
        self.look_at_events(had_ended);
        if self.stalled == 0 {
            let mut count = 0;
            while let Some(transmit) = self.machine.poll_transmit() {
                count += 1;
                assert!(count <= WAITING, "frames queue");
                assert!(!self.is_silent, "nothing more is sent");
                self.look_at(&transmit.frame);
            }
            // What had waited for the socket may go out after the end, and nothing else.
            self.is_silent = self.has_ended;
            self.is_late = false;
        } else {
            self.is_late = true;
        }
        let counters = self.machine.counters();
        self.counters.look(&counters);
        self.reached.repaired |= counters.repaired > 0;
        if self.has_ended {
            assert!(!self.machine.is_member());
            assert_eq!(self.machine.poll_timeout(), None);
        }
    }

    fn look_at_events(&mut self, had_ended: bool) {
        while let Some(event) = self.machine.poll_event() {
            let is_own = matches!(event, SubscriberEvent::Abandoned { .. });
            assert!(
                !had_ended || is_own,
                "nothing happens after the end: {event:?}"
            );
            match event {
                SubscriberEvent::Joined => {
                    assert!(self.heard.member, "nobody has said so");
                    self.reached.joined = true;
                }
                SubscriberEvent::Rejoin => {
                    assert!(!self.wants_rejoin, "once for each session");
                    self.wants_rejoin = true;
                    self.reached.lost_session = true;
                }
                SubscriberEvent::Restarted { old, .. } => {
                    assert_ne!(old, Epoch::UNKNOWN);
                    self.reached.restarted = true;
                }
                SubscriberEvent::Refused { why } => assert!(!why.is_empty()),
                SubscriberEvent::EndOfStream => {
                    assert!(self.heard.end || self.heard.confirmation);
                    self.reached.end_of_stream = true;
                }
                SubscriberEvent::Ended { reason } => self.look_at_end(reason),
                SubscriberEvent::Evicted => self.reached.evicted = true,
                SubscriberEvent::Subscribe { prefix } => self.set_socket(prefix, true),
                SubscriberEvent::Unsubscribe { prefix } => {
                    self.set_socket(prefix, false);
                    self.reached.unsubscribed = true;
                }
                SubscriberEvent::Subscribed { .. } => self.reached.subscribed = true,
                SubscriberEvent::PrefixRefused { why, .. } => {
                    assert!(!why.is_empty());
                    self.reached.prefix_refused = true;
                }
                SubscriberEvent::Abandoned { .. } => self.reached.abandoned = true,
                other => panic!("nobody has said what {other:?} means"),
            }
        }
    }

    /// No prefix is set twice, and none that is not set is taken off.
    fn set_socket(&mut self, prefix: Bytes, is_on: bool) {
        match is_on {
            true => assert!(self.socket.insert(prefix), "subscribed twice"),
            false => assert!(self.socket.remove(&prefix), "unsubscribed twice"),
        }
    }

    fn look_at_end(&mut self, reason: EndReason) {
        assert!(!self.has_ended, "it ends once");
        self.has_ended = true;
        match reason {
            EndReason::Confirmed => assert!(self.heard.confirmation),
            EndReason::Superseded => assert!(self.heard.superseded),
            _ => {}
        }
        self.reached.confirmed |= reason == EndReason::Confirmed;
        self.reached.unconfirmed |= reason == EndReason::Unconfirmed;
        self.reached.incomplete |= reason == EndReason::Incomplete;
        self.reached.superseded |= reason == EndReason::Superseded;
    }

    fn look_at(&mut self, frame: &Bytes) {
        let (header, serial, body) = ToPublisher::decode(frame).expect("a whole frame");
        assert_eq!(&body.encode(&header, serial), frame);
        let identities = self.identities.iter();
        let generation = identities.clone().position(|i| i.session == header.session);
        let generation = generation.expect("a session of its own");
        if generation + 1 == self.identities.len() {
            assert_eq!(serial, self.serial + 1, "serials go up by one");
            self.serial = serial;
        }
        match body {
            ToPublisher::Hello(hello) => {
                assert_eq!(header.epoch, Epoch::UNKNOWN);
                assert_eq!(hello.nonce, self.identities[generation].nonce);
                assert_eq!(hello.name, self.config.name);
                if generation + 1 == self.identities.len() && !self.is_late {
                    let on_socket = |prefix: &Bytes| self.socket.contains(prefix);
                    assert!(hello.prefixes.iter().all(on_socket), "SUB is set first");
                }
            }
            ToPublisher::Ack { marks, .. } | ToPublisher::Bye { marks } => {
                let pending = self.machine.pending();
                for mark in marks {
                    self.witness.check_mark(generation as u64, mark, pending);
                }
            }
            ToPublisher::Nack { ranges } => self.look_at_nack(ranges),
            ToPublisher::Subscribe(change) | ToPublisher::Unsubscribe(change) => {
                // What a session before this one said may still wait for its socket. And a number
                // can be passed over: an answer may come, of who knows whom, before it was asked.
                if generation + 1 == self.identities.len() {
                    assert!(
                        change.number >= self.asked,
                        "changes are asked for in their order"
                    );
                    self.asked = change.number;
                }
            }
            _ => assert_ne!(header.epoch, Epoch::UNKNOWN),
        }
    }

    /// Only evidence makes a NACK, lowest first within a topic.
    fn look_at_nack(&mut self, ranges: Vec<TopicRange>) {
        self.reached.asked = true;
        assert!((1..=1_024).contains(&ranges.len()));
        for pair in ranges.windows(2) {
            let same = pair[0].number == pair[1].number;
            assert!(!same || pair[0].last < pair[1].first);
        }
        for range in &ranges {
            let next = self.evidence.get(&range.number).copied().unwrap_or(1);
            assert!(range.last < next, "{range:?} is asked for without evidence");
        }
        self.wanted = ranges;
    }
}
