//! One seed's life of a publisher and its subscribers.
#![allow(
    unreachable_pub,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "a part of a test"
)]

mod faults;

use crate::oracle::{self, Flush};
use crate::world::{Rng, World, ms};
use linger_ack_proto::{
    Epoch, Level, MemberOutcome, Publisher, PublisherConfig, PublisherReport, Quorum,
    SubscriberConfig,
};

const TOPICS: [&str; 6] = ["a", "ab", "abc", "b", "bc", "c"];
const PREFIXES: [&str; 6] = ["", "a", "ab", "b", "c", "x"];
const NAMES: [&str; 5] = ["one", "two", "three", "four", "five"];

pub struct Chaos {
    world: World,
    rng: Rng,
    config: PublisherConfig,
    epochs: u128,
    messages: u64,
    flush: Option<Flush>,
    flushed: Vec<Flush>,
    reports: Vec<PublisherReport>,
    is_closing: bool,
    /// Nodes whose process is dead, and nodes that lost a delivery for ever.
    dead: Vec<usize>,
    abandoned: Vec<usize>,
}

impl Chaos {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let mut config = PublisherConfig::default();
        config.window_messages = rng.pick(&[8, 16, 64, 1_000]);
        config.expiry = ms(rng.pick(&[500, 1_000, 2_000]));
        config.entries_per_part = rng.pick(&[1, 2, 3, 1_024]);
        config.repair_messages = rng.pick(&[1, 2, 5, 512]);
        config.repair_bytes = rng.pick(&[1_024, 1 << 20]);
        let mut world = World::with(config.clone());
        world.faults.rng = Rng(rng.next());
        let mut chaos = Self {
            world,
            rng,
            config,
            epochs: 1_000,
            messages: 0,
            flush: None,
            flushed: Vec::new(),
            reports: Vec::new(),
            is_closing: false,
            dead: Vec::new(),
            abandoned: Vec::new(),
        };
        for _ in 0..=chaos.rng.below(3) {
            chaos.join();
        }
        chaos
    }

    /// Faults of every kind.
    pub fn rage(&mut self) {
        for _ in 0..20 + self.rng.below(60) {
            self.step();
            self.look_at_flush();
        }
    }

    /// No faults any more: everyone who lives becomes a member and has everything.
    pub fn heal(&mut self) {
        self.mend();
        let wait = ms(8_000);
        self.world.pass(wait);
        self.look_at_flush();
        if self.is_closing {
            return;
        }
        let live = self.living();
        for &at in &live {
            let node = &self.world.nodes[at];
            assert!(node.machine.is_member(), "node {at}: {:?}", node.machine);
        }
        assert_eq!(self.world.publisher.member_count(), live.len());
        let progress = self.world.publisher.progress(self.world.now);
        assert_eq!(progress.outstanding, 0, "all is acknowledged: {progress}");
        for node in &mut self.world.nodes {
            node.acks = self.rng.chance(50);
        }
        for _ in 0..10 {
            self.publish();
            self.world.pass(ms(10));
        }
    }

    /// Closes, without faults: everyone who lives has acknowledged all, and ends.
    pub fn close(&mut self) {
        self.world.publisher.begin_close(self.world.now);
        self.is_closing = true;
        let target = self.world.publisher.target();
        for turn in 0..200 {
            self.world.run();
            let at = self.rng.below(self.world.nodes.len());
            let now = self.world.now;
            match turn {
                0..20 => self.acknowledge_some(at),
                _ => (self.world.nodes.iter_mut()).for_each(|node| node.acknowledge_all(now)),
            }
            if self.world.publisher.is_settled(&target) {
                break;
            }
            self.world.pass(ms(50));
        }
        assert!(
            self.world.publisher.is_settled(&target),
            "a drain completes"
        );
        let members = self.world.publisher.member_count();
        let quorum = self.quorum();
        self.end_epoch(quorum);
        let report = self.reports.last().expect("just made");
        let present = report.members.iter();
        let acked = present
            .filter(|m| m.outcome == MemberOutcome::Acked)
            .count();
        assert_eq!(acked, members, "{report}");
        self.world.pass(ms(2_000));
        for at in self.living() {
            let node = &self.world.nodes[at];
            // Who had not joined before the close began goes on asking, and is refused.
            assert!(!node.machine.is_member(), "node {at} did not end");
        }
        for at in 0..self.world.nodes.len() {
            oracle::check_node(&self.world, at, &self.reports);
        }
    }

    fn living(&self) -> Vec<usize> {
        let nodes = 0..self.world.nodes.len();
        nodes
            .filter(|at| !self.dead.contains(at) && self.world.nodes[*at].ended().is_none())
            .collect()
    }

    fn join(&mut self) {
        let name = self.rng.pick(&NAMES);
        let mut config = SubscriberConfig::new(name).expect("a name");
        for _ in 0..=self.rng.below(2) {
            config = config.subscribe(self.rng.pick(&PREFIXES));
        }
        config.level = self
            .rng
            .pick(&[Level::Received, Level::Processed, Level::Processed]);
        config.pending_messages = self.rng.pick(&[1, 4, 1_024]);
        config.reorder_messages = self.rng.pick(&[1, 4, 65_536]);
        let at = self.world.subscriber_with(config);
        self.world.nodes[at].acks = self.rng.chance(60);
    }

    fn publish(&mut self) {
        self.messages += 1;
        let topic = self.rng.pick(&TOPICS);
        let text = format!("{}", self.messages);
        // A window that is full is back-pressure, and a close refuses.
        let _ = self.world.try_publish(topic, &text);
    }

    fn look_at_flush(&mut self) {
        if let Some(mut flush) = self.flush.take() {
            match flush.is_met(&self.world) {
                true => self.flushed.push(flush),
                false => self.flush = Some(flush),
            }
        }
    }

    /// What the libraries hold is received, whether the applications have looked or not.
    fn take_all(&mut self) {
        let now = self.world.now;
        for node in &mut self.world.nodes {
            node.take_all(now);
        }
    }

    /// The publisher's life is over; what it knew is compared with what happened.
    fn end_epoch(&mut self, quorum: Quorum) {
        let report = self.world.publisher.finish(quorum);
        self.take_all();
        oracle::check_report(&self.world, &report, &self.flushed);
        self.reports.push(report);
        self.flushed.clear();
        self.flush = None;
        self.world.run();
    }

    fn quorum(&mut self) -> Quorum {
        match self.rng.below(3) {
            0 => Quorum::All,
            least => Quorum::AtLeast(least),
        }
    }

    /// Another process takes its place; of the old one nothing is heard, or its last words.
    fn restart(&mut self) {
        match self.rng.chance(50) {
            true => {
                let quorum = self.quorum();
                self.end_epoch(quorum);
            }
            false => {
                let quorum = self.quorum();
                let report = self.world.publisher.finish(quorum);
                self.take_all();
                oracle::check_report(&self.world, &report, &self.flushed);
                self.reports.push(report);
                self.flushed.clear();
                self.flush = None;
            }
        }
        self.epochs += 1;
        let epoch = Epoch::from_u128(self.epochs);
        self.world.publisher = Publisher::new(self.config.clone(), epoch).expect("valid");
        self.is_closing = false;
    }
}
