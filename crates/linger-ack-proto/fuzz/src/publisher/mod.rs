//! A publisher's machine under a list of operations, watched by a model of what was said.

mod check;
mod model;
mod ops;
mod peer;
mod verdict;

use super::clock::Clock;
use super::counters::Counters;
use super::input::Input;
use bytes::Bytes;
use linger_ack_proto::wire::Change;
use linger_ack_proto::{
    Epoch, Expected, Publisher, PublisherConfig, Quorum, SessionId, Target, Verdict,
};
use model::Model;
pub(super) use ops::{TOPICS, code};
use peer::{PEERS, Peer};
use std::time::Duration;

/// The epoch of every machine that is fuzzed; frames in the corpora carry it.
pub const EPOCH: Epoch = Epoch::from_u128(77);

/// An input that is longer says nothing new.
const OPERATIONS: usize = 600;

/// How far an input came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    pub joined: bool,
    pub repaired: bool,
    pub gone: bool,
    pub left: bool,
    pub expired: bool,
    pub superseded: bool,
    pub evicted: bool,
    pub absent: bool,
    pub granted: bool,
    pub released: bool,
    pub window_full: bool,
    pub met: bool,
    pub impossible: bool,
    pub drained: bool,
    pub behind: bool,
}

/// A target that is looked at after every operation.
struct Watched {
    target: Target,
    next: Vec<u64>,
    quorum: Quorum,
    verdict: Verdict,
}

struct Harness<'a> {
    input: Input<'a>,
    clock: Clock,
    config: PublisherConfig,
    machine: Publisher,
    model: Model,
    peers: [Peer; PEERS],
    /// Frames that were fed in, to be said again or changed.
    said: Vec<Bytes>,
    /// What the frame that was fed in last asks to change.
    asked: Option<Change>,
    /// Whose frame was fed in last.
    speaker: Option<SessionId>,
    counters: Counters,
    watched: Vec<Watched>,
    is_closing: bool,
    is_finished: bool,
    reached: Reached,
}

pub fn run(data: &[u8]) -> Reached {
    let mut input = Input::new(data);
    let config = config(&mut input);
    let mut harness = Harness {
        machine: Publisher::new(config.clone(), EPOCH).expect("a valid config"),
        config,
        input,
        clock: Clock::new(),
        model: Model::default(),
        peers: std::array::from_fn(Peer::new),
        said: Vec::new(),
        asked: None,
        speaker: None,
        counters: Counters::default(),
        watched: Vec::new(),
        is_closing: false,
        is_finished: false,
        reached: Reached::default(),
    };
    harness.model.expect(&harness.config);
    for _ in 0..OPERATIONS {
        if harness.input.is_empty() {
            break;
        }
        harness.operate();
        harness.look();
    }
    harness.end();
    harness.reached
}

/// Small limits, so that few operations reach them.
fn config(input: &mut Input<'_>) -> PublisherConfig {
    let mut config = PublisherConfig::default();
    if input.byte() % 4 == 0 {
        return config;
    }
    config.window_messages = input.pick(&[8, 9, 16, 64]);
    config.window_bytes = input.pick(&[64, 200, 4_096, 1 << 20]);
    config.max_payload = config.window_bytes.min(input.pick(&[16, 64, 1 << 16]));
    config.max_topics = input.pick(&[2, 5, 100]);
    config.max_members = input.pick(&[1, 2, 4, 100]);
    config.max_prefixes = input.pick(&[1, 2, 100]);
    config.expiry = input.pick(&[100, 1_000, 5_000, 3_600_000].map(Duration::from_millis));
    config.sync_after = input.pick(&[1, 50, 10_000].map(Duration::from_millis));
    config.repair_messages = input.pick(&[1, 3, 512]);
    config.repair_bytes = input.pick(&[1 << 17, 1 << 20]);
    config.entries_per_part = input.pick(&[1, 2, 1_024]);
    config.max_candidates = input.pick(&[1, 3, 100]);
    config.hello_rate = input.pick(&[1, 1_024]);
    config.max_member_topics = input.pick(&[1, 4, 100]);
    config.max_frame = input.pick(&[1 << 17, 1 << 20]);
    config.join_within = input.pick(&[100, 5_000].map(Duration::from_millis));
    config.join_grace = input.pick(&[0, 250].map(Duration::from_millis));
    config.durable_for = input.pick(&[0, 1_000, 2_592_000_000].map(Duration::from_millis));
    let choice = input.byte();
    config.bare_topics = choice & 1 != 0;
    if choice & 2 != 0 {
        config.durable.push("three".to_owned());
    }
    if choice & 12 == 12 {
        let expected = Expected::new("four").expect("a name").prefix(&b"a"[..]);
        config.expected.push(expected);
    }
    config
}

impl Harness<'_> {
    /// Ends as a driver would: closes if that was not done, judges, and drops.
    fn end(&mut self) {
        if !self.is_finished {
            self.machine.begin_close(self.clock.now);
            self.is_closing = true;
            self.look();
            let quorum = ops::quorum(&mut self.input);
            self.finish(quorum);
            self.look();
        }
        let report = self
            .machine
            .publish(self.clock.now, b"a", Bytes::new(), &mut Vec::new());
        assert!(report.is_err(), "a closed publisher accepts nothing");
    }

    fn finish(&mut self, quorum: Quorum) {
        self.is_finished = true;
        self.is_closing = true;
        self.speaker = None;
        let report = self.machine.finish(quorum);
        self.check_report(&report);
    }

    /// Does what is due, as often as the machine asks for it: it soon asks no more.
    fn timeout(&mut self) {
        let now = self.clock.now;
        for _ in 0..4 {
            self.machine.handle_timeout(now);
            self.look();
            if self.machine.poll_timeout().is_none_or(|at| at > now) {
                return;
            }
        }
        panic!("a timer that was served is due again at once");
    }
}
