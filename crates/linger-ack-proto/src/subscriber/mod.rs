//! The subscriber's machine.
//!
//! | file | what |
//! |---|---|
//! | `input` | what comes in, told apart |
//! | `timers` | what falls due, and when |
//! | `join`, `lost` | a session begins; a session is lost, and the next one says what it missed |
//! | `change`, `prefixes`, `owed` | prefixes that come and go, and the topics they own |
//! | `standing` | what became of a prefix that was wished for |
//! | `receive`, `batch`, `order`, `runs`, `repair` | what arrives is put in order, what is missing asked for |
//! | `delivery`, `abandon` | what the application is given, and gives back |
//! | `ack` | when to acknowledge, and what |
//! | `leave` | end of stream, and leaving |

mod abandon;
mod ack;
mod batch;
mod change;
mod counters;
mod delivery;
mod event;
mod input;
mod join;
mod leave;
mod lost;
mod order;
mod owed;
mod parts;
mod prefixes;
mod receive;
mod repair;
mod retry;
mod runs;
mod standing;
mod timers;

pub use abandon::Abandoned;
pub use counters::SubscriberCounters;
pub use delivery::{Delivery, DeliveryId, Item};
pub use event::{SubscriberEvent, TopicMarks};
pub use leave::EndReason;
pub use standing::PrefixStanding;

use crate::config::SubscriberConfig;
use crate::id::{Epoch, Identity};
use crate::wire::{Header, ToPublisher};
use abandon::Again;
use ack::Acks;
use bytes::Bytes;
use join::Stage;
use leave::End;
use lost::Former;
use order::Topic;
use parts::Parts;
use prefixes::Prefixes;
use retry::Retry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;
use std::time::{Duration, Instant};

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

/// The subscriber's side of the protocol for one publisher, without sockets and without a clock.
///
/// # The driver's contract
///
/// 1. For each publisher a `Subscriber`, a SUB socket and a DEALER socket of its own. Set the SUB
///    socket's SNDHWM to 0 (beyond 1,000, subscriptions vanish), subscribe the configured
///    prefixes, then the [private topic](Self::private_topic), and connect both.
/// 2. Hand each message that SUB gives to [`handle_data`](Self::handle_data) if it has one frame
///    or two, to [`handle_bare`](Self::handle_bare) if it has three, and each frame that DEALER
///    gives to [`handle_control`](Self::handle_control), each socket's in its order. One that has
///    more frames is nobody's: `handle_data` with an empty first frame counts it.
/// 3. Give what [`poll_delivery`](Self::poll_delivery) says to the application. Call
///    [`acknowledge`](Self::acknowledge) for each message that it acknowledges, and
///    [`abandon`](Self::abandon) for each that it lets go without that, in any order. While it is
///    slow and this [is full](Self::is_full), don't read SUB; never stop reading DEALER.
/// 4. When [`poll_timeout`](Self::poll_timeout) has come, call
///    [`handle_timeout`](Self::handle_timeout).
/// 5. After each burst of calls of any of these kinds, in this order: call `handle_timeout`; read
///    [`poll_event`](Self::poll_event) until it says `None`, and do on SUB what
///    [`Subscribe`](SubscriberEvent::Subscribe), [`Unsubscribe`](SubscriberEvent::Unsubscribe)
///    and [`Rejoin`](SubscriberEvent::Rejoin) ask for, calling `handle_timeout` again after
///    [`rejoin`](Self::rejoin); send what [`poll_transmit`](Self::poll_transmit) says until it
///    says `None` or the socket takes no more; ask `poll_timeout` anew. Polled in another order it
///    is as safe, only slower: what SUB missed is repaired.
/// 6. To leave, call [`leave`](Self::leave), and go on until [`SubscriberEvent::Ended`]. After
///    end of stream, and once all is acknowledged or given up for good, it leaves by itself.
///
/// It reads no clock: `now` never goes back from call to call. Idle, it asks for nothing but the
/// next beat.
///
/// # Memory
///
/// | what | bounded by |
/// |---|---|
/// | deliveries that wait | [`pending_messages`], then one burst of SUB, what it lets go that was waiting for an earlier message, and one answer to a NACK |
/// | messages that wait for an earlier one | [`reorder_messages`], [`reorder_bytes`] |
/// | topics | [`max_topics`] |
/// | prefixes, changes of them, and refusals | 65,536 each |
/// | deliveries to be handed out again | what the application was given |
/// | what was given up | 65,536 ranges, and one a topic |
/// | frames that wait for the DEALER | 16, and what one whole acknowledgement takes |
/// | events | what happens between two polls |
///
/// [`pending_messages`]: SubscriberConfig::pending_messages
/// [`reorder_messages`]: SubscriberConfig::reorder_messages
/// [`reorder_bytes`]: SubscriberConfig::reorder_bytes
/// [`max_topics`]: SubscriberConfig::max_topics
#[derive(Debug)]
pub struct Subscriber {
    config: SubscriberConfig,
    identity: Identity,
    stage: Stage,
    epoch: Option<Epoch>,
    /// Which of its sessions this is; part of each delivery's id.
    generation: u64,
    /// How many sessions were lost since the last that became a member's.
    fruitless: u32,
    serial: u64,
    welcome: Parts,
    prefixes: Prefixes,
    topics: BTreeMap<u32, Topic>,
    /// The topics of which something is known to be missing.
    missing: BTreeSet<u32>,
    /// How many messages of this session were handed out, and neither acknowledged nor given up.
    unsettled: u64,
    /// How far the last session came, to tell what was lost between it and this one.
    former: Option<Former>,
    acks: Acks,
    again: Again,
    end: End,
    held_messages: usize,
    held_bytes: usize,
    /// For HELLO, JOINED and BYE: one of them at a time.
    retry: Retry,
    /// For SUBSCRIBE and UNSUBSCRIBE: one of them at a time.
    change: Retry,
    nack: Retry,
    beat_every: Duration,
    beat_at: Option<Instant>,
    outbox: VecDeque<SubscriberTransmit>,
    deliveries: VecDeque<Item>,
    /// How many of them the driver has taken, and not given away yet.
    waiting: usize,
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
            change: Retry::new(config.retry_first, config.retry_longest),
            nack: Retry::new(config.retry_first, config.retry_longest),
            prefixes: Prefixes::new(&config.prefixes),
            config,
            identity,
            stage: Stage::Joining,
            epoch: None,
            generation: 0,
            fruitless: 0,
            serial: 0,
            welcome: Parts::default(),
            topics: BTreeMap::new(),
            missing: BTreeSet::new(),
            unsettled: 0,
            former: None,
            again: Again::default(),
            end: End::default(),
            held_messages: 0,
            held_bytes: 0,
            beat_every: Duration::from_secs(1),
            beat_at: None,
            outbox: VecDeque::new(),
            deliveries: VecDeque::new(),
            waiting: 0,
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

    /// What to send next.
    pub fn poll_transmit(&mut self) -> Option<SubscriberTransmit> {
        self.outbox.pop_front()
    }

    /// What to give to the application next: what is handed out again before what is new.
    pub fn poll_delivery(&mut self) -> Option<Item> {
        let again = self.again.pop().map(Item::Message);
        again.or_else(|| self.deliveries.pop_front())
    }

    /// What is to be handed out again, and nothing else.
    ///
    /// For a driver that has a queue of its own: see [`take_deliveries`](Self::take_deliveries).
    pub fn poll_again(&mut self) -> Option<Item> {
        self.again.pop().map(Item::Message)
    }

    /// Moves all that is new to the end of a queue of the driver's own, in order.
    ///
    /// So the application can take it without this machine. The driver tells with
    /// [`set_waiting`](Self::set_waiting) how much of it waits there.
    pub fn take_deliveries(&mut self, queue: &mut VecDeque<Item>) {
        match queue.is_empty() {
            true => mem::swap(queue, &mut self.deliveries),
            false => queue.append(&mut self.deliveries),
        }
    }

    /// How much of what was [taken](Self::take_deliveries) the application has not been given yet.
    ///
    /// It counts as pending.
    pub fn set_waiting(&mut self, waiting: usize) {
        self.waiting = waiting;
    }

    /// How many deliveries wait to be given to the application.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.waiting + self.deliveries.len() + self.again.len()
    }

    /// Whether something waits to be handed out again.
    #[must_use]
    pub fn has_again(&self) -> bool {
        self.again.len() > 0
    }

    /// Whether so many deliveries wait that SUB is not to be read.
    ///
    /// Nothing is asked for again either, until fewer wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.pending() >= self.config.pending_messages
    }

    /// What happened since the last call.
    pub fn poll_event(&mut self) -> Option<SubscriberEvent> {
        self.events.pop_front()
    }

    fn say(&mut self, body: &ToPublisher) {
        self.serial += 1;
        let epoch = self.epoch.unwrap_or(Epoch::UNKNOWN);
        let header = Header {
            epoch,
            session: self.identity.session,
        };
        self.counters.note_said(body);
        let frame = body.encode(&header, self.serial);
        self.outbox.push_back(SubscriberTransmit { frame });
    }
}
