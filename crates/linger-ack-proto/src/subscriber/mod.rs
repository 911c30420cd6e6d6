//! The subscriber's machine.

mod ack;
mod counters;
mod delivery;
mod join;
mod leave;
mod order;
mod receive;
mod repair;
mod retry;

pub use counters::SubscriberCounters;
pub use delivery::{Delivery, DeliveryId, Item};
pub use leave::EndReason;

use crate::config::SubscriberConfig;
use crate::id::{Epoch, Identity};
use crate::wire::{Header, InBand, ToPublisher, ToSubscriber, split_private};
use ack::Acks;
use bytes::Bytes;
use join::Stage;
use leave::End;
use order::Topic;
use retry::Retry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

/// A frame for the publisher, to be sent on the DEALER socket without waiting.
///
/// If the socket takes none now, keep it and poll no other until it does: meanwhile
/// acknowledgements merge instead of queueing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberTransmit {
    /// The whole frame.
    pub frame: Bytes,
}

/// With how many frames waiting nothing more is said.
const OUTBOX: usize = 16;

/// What happened that a driver must or may act on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubscriberEvent {
    /// The publisher counts this subscriber as a member.
    Joined,
    /// The session is over, and another is wanted: draw an [`Identity`], subscribe its private
    /// topic in place of the old one, and call [`Subscriber::rejoin`].
    Rejoin,
    /// The publisher has a new epoch: it was restarted.
    Restarted {
        /// The epoch that is over.
        old: Epoch,
    },
    /// HELLO was not granted for now; it is said again.
    Refused {
        /// Why, in words.
        why: &'static str,
    },
    /// All that was published has been handed out.
    EndOfStream,
    /// It is over. Nothing more is sent or delivered.
    Ended {
        /// How it ended.
        reason: EndReason,
    },
}

/// The subscriber's side of the protocol for one publisher, without sockets and without a clock.
///
/// # The driver's contract
///
/// 1. For each publisher a `Subscriber`, a SUB socket and a DEALER socket of its own. Set the SUB
///    socket's SNDHWM to 0 (beyond 1,000, subscriptions vanish), subscribe the configured
///    prefixes and the [private topic](Self::private_topic), and connect both.
/// 2. Hand what SUB gives to [`handle_data`](Self::handle_data), what DEALER gives to
///    [`handle_control`](Self::handle_control), each in its order.
/// 3. Give what [`poll_delivery`](Self::poll_delivery) says to the application, and call
///    [`acknowledge`](Self::acknowledge) for each message that it acknowledges, in any order.
///    While it is slow and this [is full](Self::is_full), don't read SUB; never stop reading
///    DEALER. Call `handle_timeout` when there is room again.
/// 4. When [`poll_timeout`](Self::poll_timeout) has come, call
///    [`handle_timeout`](Self::handle_timeout).
/// 5. After each burst of these, call `handle_timeout` too, send what [`poll_transmit`](Self::poll_transmit) says until it says
///    `None`, read [`poll_event`](Self::poll_event) likewise, and ask `poll_timeout` anew.
/// 6. To leave, call [`leave`](Self::leave), and go on until [`SubscriberEvent::Ended`].
///
/// After end of stream, and once all is acknowledged, it leaves by itself.
#[derive(Debug)]
pub struct Subscriber {
    config: SubscriberConfig,
    identity: Identity,
    stage: Stage,
    epoch: Option<Epoch>,
    /// Which of its sessions this is; part of each delivery's id.
    generation: u64,
    serial: u64,
    topics: BTreeMap<u32, Topic>,
    /// The topics of which something is known to be missing.
    missing: BTreeSet<u32>,
    /// How many messages of this session were handed out and not acknowledged.
    unsettled: u64,
    /// How far the last session came, to tell what was lost between it and this one.
    former: Option<(Epoch, BTreeMap<u32, u64>)>,
    acks: Acks,
    end: End,
    held_messages: usize,
    held_bytes: usize,
    /// For HELLO, JOINED and BYE: one of them at a time.
    retry: Retry,
    nack: Retry,
    beat_every: std::time::Duration,
    beat_at: Option<Instant>,
    outbox: VecDeque<SubscriberTransmit>,
    deliveries: VecDeque<Item>,
    events: VecDeque<SubscriberEvent>,
    counters: SubscriberCounters,
}

impl Subscriber {
    /// A subscriber that asks to join at once. The identity was drawn at random.
    ///
    /// A wait that is outside its range is brought into it;
    /// [`validate`](SubscriberConfig::validate) tells beforehand.
    #[must_use]
    pub fn new(now: Instant, mut config: SubscriberConfig, identity: Identity) -> Self {
        config.clamp();
        let mut subscriber = Self {
            acks: Acks::new(),
            retry: Retry::new(config.retry_first, config.retry_longest),
            nack: Retry::new(config.retry_first, config.retry_longest),
            config,
            identity,
            stage: Stage::Joining,
            epoch: None,
            generation: 0,
            serial: 0,
            topics: BTreeMap::new(),
            missing: BTreeSet::new(),
            unsettled: 0,
            former: None,
            end: End::default(),
            held_messages: 0,
            held_bytes: 0,
            beat_every: std::time::Duration::from_secs(1),
            beat_at: None,
            outbox: VecDeque::new(),
            deliveries: VecDeque::new(),
            events: VecDeque::new(),
            counters: SubscriberCounters::default(),
        };
        subscriber.retry.start(now);
        subscriber
    }

    /// The topic that SUB must be subscribed to, besides the prefixes: 0xFF and the nonce.
    #[must_use]
    pub fn private_topic(&self) -> Vec<u8> {
        let mut topic = vec![crate::topic::PRIVATE];
        topic.extend_from_slice(self.identity.nonce.as_bytes());
        topic
    }

    /// Whether the publisher has said that this subscriber is a member.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.stage == Stage::Member
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> SubscriberCounters {
        self.counters
    }

    /// Takes in one message of the SUB socket: its first frame, and the second if there is one.
    ///
    /// What is broken, foreign or of another epoch is counted and dropped.
    pub fn handle_data(&mut self, now: Instant, first: &[u8], payload: Option<Bytes>) {
        if !crate::wire::is_private(first) {
            return self.handle_message(now, first, payload);
        }
        let Some((nonce, body)) = split_private(&Bytes::copy_from_slice(first)) else {
            self.counters.broken += 1;
            return;
        };
        if nonce != self.identity.nonce {
            return; // somebody else's; whoever subscribes to everything sees them
        }
        match InBand::decode(&body) {
            Ok((header, body)) if header.session == self.identity.session => {
                self.handle_in_band(now, header.epoch, body);
            }
            _ => self.counters.broken += 1,
        }
    }

    /// Takes in one frame of the DEALER socket. What is broken or stale is counted and dropped.
    pub fn handle_control(&mut self, now: Instant, frame: &Bytes) {
        let Ok((header, body)) = ToSubscriber::decode(frame) else {
            self.counters.broken += 1;
            return;
        };
        if header.session != self.identity.session {
            self.counters.stale += 1;
            return;
        }
        if matches!(body, ToSubscriber::Unknown) {
            return self.handle_unknown(now, header.epoch);
        }
        if self.epoch.is_some_and(|epoch| epoch != header.epoch) {
            self.counters.stale += 1;
            return;
        }
        match body {
            ToSubscriber::Member => self.handle_member(now),
            ToSubscriber::Repair(repair) => self.handle_repair(now, repair),
            ToSubscriber::Gone(range) => self.handle_gone(now, range),
            ToSubscriber::Query => self.acks.report_all(),
            ToSubscriber::ByeOk => self.handle_bye_ok(),
            ToSubscriber::Fin { acked } => self.handle_fin(now, acked),
            ToSubscriber::Superseded => self.end_with(EndReason::Superseded),
            ToSubscriber::Closing => self.handle_refusal(now, "the publisher is closing"),
            ToSubscriber::Refused { why, .. } => self.handle_refusal(now, join::words(why)),
            ToSubscriber::Unknown | ToSubscriber::Evicted | ToSubscriber::Versions { .. } => {}
        }
    }

    /// Does what has fallen due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.stage == Stage::Ended {
            return;
        }
        self.end_if_forsaken(now);
        if self.outbox.len() < OUTBOX && self.retry.is_due(now) {
            match self.stage {
                Stage::Joining => self.say_hello(),
                Stage::Confirming { welcome } => self.say(&ToPublisher::Joined { welcome }),
                Stage::Leaving => self.say_bye(),
                Stage::Lost | Stage::Member | Stage::Ended => self.retry.stop(),
            }
        }
        // While the socket takes nothing, what would be said merges until it does.
        if self.stage != Stage::Member || self.outbox.len() >= OUTBOX {
            return;
        }
        self.say_nack_if_due(now);
        self.say_acks(now);
        if self.beat_at.is_none_or(|at| at <= now) {
            self.say(&ToPublisher::Beat);
            self.beat_at = Some(now + self.beat_every);
        }
    }

    /// What to send next.
    pub fn poll_transmit(&mut self) -> Option<SubscriberTransmit> {
        self.outbox.pop_front()
    }

    /// What to give to the application next.
    pub fn poll_delivery(&mut self) -> Option<Item> {
        self.deliveries.pop_front()
    }

    /// How many deliveries wait to be polled.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.deliveries.len()
    }

    /// Whether so many deliveries wait that SUB is not to be read.
    ///
    /// Nothing is asked for again either, until fewer wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.deliveries.len() >= self.config.pending_messages
    }

    /// What happened since the last call.
    pub fn poll_event(&mut self) -> Option<SubscriberEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called; a time that is past means
    /// now, `None` not until something else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let member = self.stage == Stage::Member;
        // Room comes from the application, not with time.
        let may_ask = member && !self.is_full();
        let due = [
            self.retry.due(),
            self.end.forsaken_at(),
            self.nack.due().filter(|_| may_ask),
            self.acks.due().filter(|_| member),
            self.beat_at.filter(|_| member),
        ];
        due.into_iter()
            .flatten()
            .min()
            .filter(|_| self.stage != Stage::Ended)
    }

    fn say(&mut self, body: &ToPublisher) {
        self.serial += 1;
        let epoch = self.epoch.unwrap_or(Epoch::UNKNOWN);
        let header = Header {
            epoch,
            session: self.identity.session,
        };
        let frame = body.encode(&header, self.serial);
        self.outbox.push_back(SubscriberTransmit { frame });
    }
}
