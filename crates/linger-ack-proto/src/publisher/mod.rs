//! The publisher's machine.

mod ack;
mod authorize;
mod batch;
mod change;
mod close;
mod counters;
mod depart;
mod departed;
mod event;
mod evict;
mod join;
mod known;
mod limits;
mod members;
mod names;
mod number;
mod order;
mod outbox;
mod owed;
mod prefixes;
mod progress;
mod quorum;
mod repair;
mod report;
mod retained;
mod room;
mod send;
mod silence;
mod sync;
mod topics;
mod window;

pub use authorize::Request;
pub use batch::Frames;
pub use counters::Counters;
pub use event::{Event, Transmit};
pub use number::{AddTopicError, TopicNumber};
pub use progress::{MemberProgress, Presence, Progress, Rate};
pub use quorum::{Quorum, Target, Verdict};
pub use report::{MemberOutcome, MemberReport, Outcome, PublisherReport, TopicReport};
pub use send::{Message, PublishError, Published};
pub use window::Outstanding;

use crate::config::{ConfigError, PublisherConfig};
use crate::id::{Epoch, SessionId};
use crate::wire::{Header, ToPublisher, ToSubscriber, VERSION, WireError};
use batch::Batches;
use bytes::Bytes;
use close::Closing;
use departed::Departed;
use known::Names;
use members::Members;
use outbox::Outbox;
use room::Relief;
use std::collections::VecDeque;
use std::time::Instant;
use topics::Topics;
use window::Window;

/// The publisher's side of the protocol, without sockets and without a clock.
///
/// # The driver's contract
///
/// 1. Draw an [`Epoch`] at random for each `Publisher`.
/// 2. Hand each frame that the ROUTER socket gives to [`handle_control`](Self::handle_control),
///    with the routing id that it came with.
///    Whoever has an authorizer asks [`request`](Self::request) of each frame right before, and
///    calls [`deny`](Self::deny) instead for what it does not accept.
/// 3. To publish, call [`publish`](Self::publish) or [`publish_to`](Self::publish_to), and send what it says on the PUB socket before
///    anything else is done with the machine: first each batch that
///    [`take_frames`](Self::take_frames) gives, then the message itself, unless it
///    [is batched](Published::is_batched). If the window is full, wait for [`Event::Room`], or
///    call [`evict`](Self::evict) if a subscriber may be lost for it.
/// 4. When [`poll_timeout`](Self::poll_timeout) has come, first hand over all frames that the
///    ROUTER socket holds, then call [`handle_timeout`](Self::handle_timeout): who has spoken is
///    not to be judged silent.
/// 5. After each of these, do what [`poll_transmit`](Self::poll_transmit) says until it says
///    `None` (or so much of it that time allows: what waits is not lost, and comes next), then read [`poll_event`](Self::poll_event) likewise, then ask `poll_timeout` anew.
/// 6. To end: [`begin_close`](Self::begin_close), go on as before until
///    [`is_settled`](Self::is_settled) or the deadline, then [`finish`](Self::finish), and do what
///    `poll_transmit` says once more.
///
/// Time never goes back from call to call. Where each rule of `SPEC.md` is kept, a comment names
/// it. Without members, candidates and absent names, and with nothing retained, `poll_timeout`
/// asks for no wake-up.
///
/// # Durable names
///
/// The place of a name among [`durable`](PublisherConfig::durable) or
/// [`expected`](PublisherConfig::expected) is kept while it has no session: what it is owed is
/// retained, until it comes back, its time is over, or the room is needed. Who is absent never
/// makes the window full; what is let go for that is [`Event::Gone`], and is named in the report.
///
/// The PUB socket's high-water mark is to be twice the window and what goes in-band besides;
/// [`high_water_mark`](Self::high_water_mark) tells. Frames may be lost anywhere; what was
/// accepted is retained until it is acknowledged, and repaired over control.
#[derive(Debug)]
pub struct Publisher {
    config: PublisherConfig,
    epoch: Epoch,
    topics: Topics,
    members: Members,
    departed: Departed,
    /// Who ever joined.
    names: Names,
    /// How many new candidates there may be.
    hellos: limits::Rate,
    window: Window,
    batches: Batches,
    relief: Relief,
    /// The fewest acknowledgements of any owed message that was let go.
    fewest_acks: Option<usize>,
    closing: Option<Closing>,
    /// When to look whose marks stand still.
    scan_at: Option<Instant>,
    /// When to look who is silent.
    judge_at: Option<Instant>,
    /// Somebody is expected, and no time was told yet.
    awaits_clock: bool,
    outbox: Outbox,
    events: VecDeque<Event>,
    counters: Counters,
}

impl Publisher {
    /// A publisher that begins a new epoch, which the caller has drawn at random.
    ///
    /// # Errors
    ///
    /// If a setting is outside its range.
    pub fn new(config: PublisherConfig, epoch: Epoch) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            window: Window::new(config.window_messages, config.window_bytes),
            batches: Batches::default(),
            relief: Relief::default(),
            hellos: limits::Rate::new(config.hello_rate),
            members: Members::expect(&config),
            awaits_clock: !config.expected.is_empty(),
            config,
            epoch,
            topics: Topics::default(),
            departed: Departed::default(),
            names: Names::default(),
            fewest_acks: None,
            closing: None,
            scan_at: None,
            judge_at: None,
            outbox: Outbox::default(),
            events: VecDeque::new(),
            counters: Counters::default(),
        })
    }

    /// This publisher's epoch.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The high-water mark that the PUB socket needs: twice the window and its markers.
    #[must_use]
    pub fn high_water_mark(&self) -> u32 {
        2 * (self.config.window_messages + 64)
    }

    /// How many members there are now.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.members.joined()
    }

    /// What is retained now, against the window's limits.
    #[must_use]
    pub fn outstanding(&self) -> Outstanding {
        self.window.outstanding()
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes in one frame of the ROUTER socket. What is broken or unknown is counted and dropped.
    pub fn handle_control(&mut self, now: Instant, route: &Bytes, frame: &Bytes) {
        self.take_in(now, route, frame, true);
    }

    fn take_in(&mut self, now: Instant, route: &Bytes, frame: &Bytes, is_allowed: bool) {
        self.begin_clocks(now);
        if frame.len() > self.config.max_frame as usize {
            self.counters.broken += 1;
            return;
        }
        let (header, serial, body) = match ToPublisher::decode(frame) {
            Ok(decoded) => decoded,
            Err(WireError::Version { .. }) => return self.say_versions(route, frame),
            // SPEC X1
            Err(_) => {
                self.counters.broken += 1;
                return;
            }
        };
        if let ToPublisher::Hello(hello) = body {
            if !is_allowed {
                return self.deny_hello(route, header.session, hello.name);
            }
            return self.handle_hello(now, route, header.session, serial, hello);
        }
        // SPEC A5: what is of another epoch, or of a session that is none, is never counted.
        if header.epoch != self.epoch {
            self.counters.stale += 1;
            return self.reply(route, header.session, &ToSubscriber::Unknown);
        }
        let Some(key) = self.members.by_session(header.session) else {
            return self.handle_stranger(route, header.session, &body);
        };
        self.hear(now, key, route, serial);
        let understood = match body {
            ToPublisher::Joined { welcome } => self.handle_joined(now, key, welcome),
            ToPublisher::Beat => true,
            ToPublisher::Bye { .. } if !self.members.is_joined(key) => self.withdraw(key),
            // SPEC J5: before JOINED nothing that it says of messages can be true.
            _ if !self.members.is_joined(key) => false,
            ToPublisher::Ack { whole, marks } => self.handle_ack(key, whole, &marks),
            ToPublisher::Nack { ranges } => self.handle_nack(now, key, &ranges),
            ToPublisher::Bye { marks } => self.handle_bye(now, key, &marks),
            ToPublisher::Hello(_) => true,
            ToPublisher::Subscribe(change) => self.handle_subscribe(now, key, &change, is_allowed),
            ToPublisher::Unsubscribe(change) => self.handle_unsubscribe(now, key, &change),
        };
        if !understood {
            self.counters.broken += 1;
        }
    }

    /// SPEC V1: a header is the same in every version, and so is the answer.
    fn say_versions(&mut self, route: &Bytes, frame: &Bytes) {
        self.counters.versions += 1;
        if let Ok((header, _)) = Header::peek(frame) {
            let (lowest, highest) = (VERSION, VERSION);
            let answer = ToSubscriber::Versions { lowest, highest };
            self.reply(route, header.session, &answer);
        }
    }

    /// Does what has fallen due by `now`. Call it after all frames at hand were taken in.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.begin_clocks(now);
        self.close_batches_due(now);
        if self.judge_at.is_some_and(|at| at <= now) {
            self.judge_silence(now);
        }
        if self.scan_at.is_some_and(|at| at <= now) {
            self.scan_marks(now);
        }
        self.relieve(now);
    }

    /// What happened since the last call.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called; `None`: not until something
    /// else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let timers = [
            self.scan_at,
            self.judge_at,
            self.relief.due(),
            self.batches.due(),
        ];
        timers.into_iter().flatten().min()
    }

    fn header(&self, session: SessionId) -> Header {
        Header {
            epoch: self.epoch,
            session,
        }
    }

    fn reply(&mut self, route: &Bytes, session: SessionId, body: &ToSubscriber) {
        self.outbox.control(route.clone(), session, body.clone());
    }

    fn reply_to(&mut self, key: u64, body: &ToSubscriber) {
        let member = self.members.get(key);
        if let Some((member, session)) = member.and_then(|m| Some((m, m.session?))) {
            let route = member.route.clone();
            self.outbox.control(route, session, body.clone());
        }
    }
}
