//! A subscriber's machine under a list of operations, watched by a witness of what it was given.

mod check;
mod ops;
mod publisher;
mod witness;

use super::clock::Clock;
use super::counters::Counters;
use super::identity::identity;
use super::input::Input;
use bytes::Bytes;
use linger_ack_proto::wire::TopicRange;
use linger_ack_proto::{Delivery, Identity, Level, Subscriber, SubscriberConfig};
pub(super) use ops::code;
use publisher::Publisher;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use witness::Witness;

/// An input that is longer says nothing new.
const OPERATIONS: usize = 600;

/// How far an input came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    pub joined: bool,
    pub delivered: bool,
    pub asked: bool,
    pub repaired: bool,
    pub redelivered: bool,
    pub abandoned: bool,
    pub gone: bool,
    pub subscribed: bool,
    pub unsubscribed: bool,
    pub prefix_refused: bool,
    pub evicted: bool,
    pub acknowledged: bool,
    pub lost_session: bool,
    pub restarted: bool,
    pub end_of_stream: bool,
    pub confirmed: bool,
    pub unconfirmed: bool,
    pub incomplete: bool,
    pub superseded: bool,
}

struct Harness<'a> {
    input: Input<'a>,
    clock: Clock,
    config: SubscriberConfig,
    machine: Subscriber,
    publisher: Publisher,
    witness: Witness,
    counters: Counters,
    /// Its identities so far; the last one is in use.
    identities: Vec<Identity>,
    wants_rejoin: bool,
    has_ended: bool,
    /// It has ended, and what it had to say before was said.
    is_silent: bool,
    /// For how many operations the DEALER socket takes nothing.
    stalled: usize,
    /// What it has to say waited for the socket.
    is_late: bool,
    serial: u64,
    /// Of each topic number, the next sequence by any evidence that was fed in.
    evidence: BTreeMap<u32, u64>,
    /// What was fed in since it began, of what may end it.
    heard: Heard,
    /// What it asked for last.
    wanted: Vec<TopicRange>,
    /// What SUB is set to.
    socket: BTreeSet<Bytes>,
    /// The change that it asked for last.
    asked: u64,
    held: Vec<Delivery>,
    said: Vec<(Bytes, bool)>,
    reached: Reached,
}

#[derive(Default)]
struct Heard {
    member: bool,
    confirmation: bool,
    superseded: bool,
    end: bool,
}

pub fn run(data: &[u8]) -> Reached {
    let mut input = Input::new(data);
    let config = config(&mut input);
    let clock = Clock::new();
    let config_prefixes = config.prefixes.iter().cloned().collect();
    let mut harness = Harness {
        machine: Subscriber::new(clock.now, config.clone(), identity(0, 0)),
        config,
        input,
        clock,
        publisher: Publisher::new(super::publisher::EPOCH),
        witness: Witness::default(),
        counters: Counters::default(),
        identities: vec![identity(0, 0)],
        wants_rejoin: false,
        has_ended: false,
        is_silent: false,
        stalled: 0,
        is_late: false,
        serial: 0,
        evidence: BTreeMap::new(),
        heard: Heard::default(),
        wanted: Vec::new(),
        socket: config_prefixes,
        asked: 0,
        held: Vec::new(),
        said: Vec::new(),
        reached: Reached::default(),
    };
    for _ in 0..OPERATIONS {
        if harness.input.is_empty() {
            break;
        }
        harness.operate();
    }
    harness.end();
    harness.reached
}

/// Small limits, so that few operations reach them.
fn config(input: &mut Input<'_>) -> SubscriberConfig {
    let mut config = SubscriberConfig::new("one").expect("a name");
    let choice = input.byte();
    config = config.subscribe(match choice & 4 {
        0 => &b""[..],
        _ => b"ab",
    });
    if choice & 1 != 0 {
        config.level = Level::Received;
    }
    if choice & 2 != 0 {
        config.reorder_messages = input.pick(&[0, 1, 4]);
        config.reorder_bytes = input.pick(&[0, 64, 1 << 20]);
        config.redeliveries = input.pick(&[0, 1, 3]);
        config.max_topics = input.pick(&[1, 3, 100]);
        config.pending_messages = input.pick(&[1, 2, 8]);
        config.ack_delay = input.pick(&[0, 5, 10_000].map(Duration::from_millis));
        config.retry_first = input.pick(&[1, 50, 10_000].map(Duration::from_millis));
        config.retry_longest = input.pick(&[1, 1_000, 60_000].map(Duration::from_millis));
        config.farewell = input.pick(&[1, 1_000, 3_600_000].map(Duration::from_millis));
    }
    config
}

impl Harness<'_> {
    /// Leaves as a driver would: within two farewells it is over.
    fn end(&mut self) {
        self.stalled = 0;
        self.clock.catch_up();
        self.machine.leave(self.clock.now);
        self.timeout();
        self.clock.now += self.config.farewell;
        self.timeout();
        assert!(self.has_ended, "it leaves within its farewell");
        assert_eq!(self.machine.poll_timeout(), None);
    }

    /// Does what is due, as often as the machine asks for it: it soon asks no more.
    fn timeout(&mut self) {
        let now = self.clock.now;
        for _ in 0..4 {
            self.machine.handle_timeout(now);
            self.look();
            // What the socket does not take is due until it does.
            let is_done = self.machine.poll_timeout().is_none_or(|at| at > now);
            if is_done || self.stalled > 0 {
                return;
            }
        }
        panic!("a timer that was served is due again at once");
    }
}
