//! A publisher among peers that do anything at any time: prefixes, durable names, evictions, full
//! windows. Its reports, verdicts and counts are compared with what was really said to it.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use crate::peer::{Bench, Peer, ms};
use linger_ack_proto::wire::{InBand, Mark, ToPublisher, ToSubscriber, Welcome};
use linger_ack_proto::{
    Expected, MemberReport, Outcome, PublisherReport, Quorum, SessionId, Target, TopicReport,
    Verdict,
};
use std::collections::{BTreeMap, BTreeSet};

const TOPICS: [&str; 6] = ["a", "ab", "abc", "b", "bc", "c"];
const PREFIXES: [&str; 6] = ["", "a", "ab", "b", "c", "x"];
const NAMES: [&str; 5] = ["durable", "expected", "one", "two", "three"];
const SEEDS: u64 = 1_000;

/// splitmix64
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % bound as u64).expect("below a usize")
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// A session as its subscriber knows it.
struct Session {
    peer: Peer,
    is_member: bool,
    change: u64,
    /// By topic number: up to where it acknowledged, by its own word.
    acked: BTreeMap<u32, u64>,
    is_over: bool,
}

struct Flush {
    target: Target,
    quorum: Quorum,
    was: Verdict,
}

struct Life {
    rng: Rng,
    bench: Bench,
    sessions: Vec<Session>,
    /// Of each topic, by name, how many messages were accepted; and by number, which name.
    sent: BTreeMap<&'static str, u64>,
    flushes: Vec<Flush>,
    window: u64,
    is_closing: bool,
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let window = rng.pick(&[8, 16, 1_000]);
        let parts = rng.pick(&[1, 2, 1_024]);
        let bench = Bench::with(|config| {
            config.window_messages = window;
            config.entries_per_part = parts;
            config.durable = vec!["durable".into()];
            let expected = Expected::new("expected").expect("a name");
            config.expected = vec![expected.prefix("a").prefix("c")];
            config.durable_for = ms(20_000);
            config.max_candidates = 3;
        });
        Self {
            rng,
            bench,
            sessions: Vec::new(),
            sent: BTreeMap::new(),
            flushes: Vec::new(),
            window: window.into(),
            is_closing: false,
        }
    }

    fn step(&mut self) {
        match self.rng.below(100) {
            0..30 => self.publish(),
            30..60 => self.acknowledge(),
            60..66 => self.hello(),
            66..74 => self.join(),
            74..80 => self.change(),
            80..83 => self.leave(),
            83..88 => self.nack(),
            88..96 => self.pass(),
            96..98 => self.flush(),
            98 => {
                if self.rng.below(4) == 0 {
                    let before = self.bench.retained();
                    let ended = self.bench.publisher.evict(self.bench.now);
                    assert_eq!(ended > 0, before > 0);
                    assert!(
                        before == 0 || self.bench.retained() < before,
                        "it made room"
                    );
                }
            }
            _ => {
                if self.rng.below(10) == 0 {
                    self.is_closing = true;
                    self.bench.publisher.begin_close(self.bench.now);
                }
            }
        }
        self.listen();
        self.look();
    }

    fn publish(&mut self) {
        let topic = self.rng.pick(&TOPICS);
        if let Ok(sequence) = self.bench.try_publish(topic) {
            assert!(!self.is_closing);
            let sent = self.sent.entry(topic).or_default();
            *sent += 1;
            assert_eq!(sequence, *sent, "contiguous from 1");
        }
        assert!(self.bench.retained() <= self.window);
    }

    fn some(&mut self, is_member: bool) -> Option<usize> {
        let sessions = self.sessions.iter().enumerate();
        let fit = sessions.filter(|(_, s)| s.is_member == is_member && !s.is_over);
        let fit: Vec<usize> = fit.map(|(at, _)| at).collect();
        (!fit.is_empty()).then(|| self.rng.pick(&fit))
    }

    fn hello(&mut self) {
        let name = self.rng.pick(&NAMES);
        let mut prefixes = vec![self.rng.pick(&PREFIXES)];
        if self.rng.below(2) == 0 {
            prefixes.push(self.rng.pick(&PREFIXES));
        }
        let mut peer = self.bench.peer(name);
        if self.rng.below(3) == 0 {
            peer.level = linger_ack_proto::Level::Received;
        }
        let entries = self.bench.hello(&mut peer, &prefixes);
        let acked = entries.iter().map(|&(number, base)| (number, base - 1));
        self.sessions.push(Session {
            is_over: peer.welcome == 0,
            acked: acked.collect(),
            peer,
            is_member: false,
            change: 0,
        });
    }

    fn join(&mut self) {
        if let Some(at) = self.some(false) {
            self.bench.joined(&mut self.sessions[at].peer);
        }
    }

    fn acknowledge(&mut self) {
        let Some(at) = self.some(true) else {
            return;
        };
        let lens = self.lens();
        let session = &mut self.sessions[at];
        let number = u32::try_from(1 + self.rng.below(lens.len().max(1))).expect("few");
        let Some(&len) = lens.get(&number) else {
            return;
        };
        let sure = session.acked.get(&number).copied();
        let most = len.saturating_sub(sure.unwrap_or(0)).min(6) + 1;
        let most = usize::try_from(most).expect("few");
        let processed = (sure.unwrap_or(0) + self.rng.below(most) as u64).min(len);
        let received = (processed + self.rng.below(3) as u64).min(len);
        let broken = self.bench.publisher.counters().broken;
        let marks = vec![Mark {
            number,
            received,
            processed,
        }];
        let whole = self.rng.below(2) == 0;
        let said = ToPublisher::Ack { whole, marks };
        self.bench.say(&mut session.peer, said);
        if self.bench.publisher.counters().broken == broken {
            let mark = match session.peer.level {
                linger_ack_proto::Level::Received => received,
                _ => processed,
            };
            let acked = session.acked.entry(number).or_default();
            *acked = mark.max(*acked);
        }
    }

    fn acknowledge_all(&mut self) {
        let lens = self.lens();
        let live = self
            .sessions
            .iter_mut()
            .filter(|s| s.is_member && !s.is_over);
        for session in live {
            for (&number, &len) in &lens {
                let broken = self.bench.publisher.counters().broken;
                self.bench.ack(&mut session.peer, number, len);
                if self.bench.publisher.counters().broken == broken {
                    session.acked.insert(number, len);
                }
            }
        }
        self.look();
    }

    fn change(&mut self) {
        let Some(at) = self.some(true) else {
            return;
        };
        let prefix = self.rng.pick(&PREFIXES);
        let is_subscribe = self.rng.below(2) == 0;
        let session = &mut self.sessions[at];
        // The last one again, the next one, or one that can't be.
        let number = session.change + self.rng.pick(&[0, 1, 1, 1, 1, 2]);
        if number == 0 {
            return;
        }
        match is_subscribe {
            true => self.bench.subscribe(&mut session.peer, number, &[prefix]),
            false => self.bench.unsubscribe(&mut session.peer, number, &[prefix]),
        }
    }

    fn leave(&mut self) {
        let is_member = self.rng.below(3) > 0;
        if let Some(at) = self.some(is_member) {
            self.bench.bye(&mut self.sessions[at].peer, vec![]);
        }
    }

    fn nack(&mut self) {
        let Some(at) = self.some(true) else {
            return;
        };
        let number = u32::try_from(1 + self.rng.below(TOPICS.len())).expect("few");
        let first = 1 + self.rng.below(30) as u64;
        let last = first + self.rng.below(5) as u64;
        let session = &mut self.sessions[at];
        self.bench.nack(&mut session.peer, number, first, last);
    }

    fn pass(&mut self) {
        let time = ms(self.rng.pick(&[1, 20, 300, 2_000, 7_000]));
        let silent = self.rng.below(4);
        let mut live: Vec<&mut Peer> = Vec::new();
        for (at, session) in self.sessions.iter_mut().enumerate() {
            if session.is_member && !session.is_over && at % 4 != silent {
                live.push(&mut session.peer);
            }
        }
        self.bench.pass_with(time, &mut live);
    }

    fn flush(&mut self) {
        let quorum = self.quorum();
        self.flushes.push(Flush {
            target: self.bench.publisher.target(),
            quorum,
            was: Verdict::Pending,
        });
    }

    fn quorum(&mut self) -> Quorum {
        match self.rng.below(4) {
            0 => Quorum::All,
            1 => Quorum::Named(vec![
                self.rng.pick(&NAMES).into(),
                self.rng.pick(&NAMES).into(),
            ]),
            least => Quorum::AtLeast(least - 1),
        }
    }

    /// What everyone was told since the last step.
    fn listen(&mut self) {
        for session in &mut self.sessions {
            for said in self.bench.control_to(&session.peer) {
                match said {
                    ToSubscriber::Member => session.is_member = true,
                    ToSubscriber::Unknown
                    | ToSubscriber::Superseded
                    | ToSubscriber::Evicted
                    | ToSubscriber::ByeOk => session.is_over = true,
                    ToSubscriber::Closing if !session.is_member => session.is_over = true,
                    ToSubscriber::Refused { change, .. } => session.change = change,
                    ToSubscriber::Closing => session.change += 1,
                    _ => {}
                }
            }
            for said in self.bench.in_band_to(&session.peer) {
                match said {
                    InBand::Granted(changed) | InBand::Released(changed) => {
                        session.change = changed.number;
                    }
                    InBand::Welcome(Welcome { number, .. }) => session.peer.welcome = number,
                    _ => {}
                }
            }
        }
    }

    /// What was decided stays decided.
    fn look(&mut self) {
        let publisher = &self.bench.publisher;
        for flush in &mut self.flushes {
            let now = publisher.verdict(&flush.target, &flush.quorum);
            let may_change = flush.was == Verdict::Pending || now == flush.was;
            assert!(
                may_change,
                "{:?} was {:?}, is {now:?}",
                flush.quorum, flush.was
            );
            flush.was = now;
        }
        let progress = publisher.progress(self.bench.now);
        for member in &progress.members {
            assert_eq!(member.owed, member.acked + member.outstanding);
            assert!(member.outstanding <= progress.outstanding || member.outstanding == 0);
        }
    }

    /// By number: how many messages a topic has.
    fn lens(&self) -> BTreeMap<u32, u64> {
        let numbers = self.bench.numbers();
        let lens = numbers.iter().filter_map(|(number, topic)| {
            let topic = TOPICS.iter().find(|name| name.as_bytes() == &topic[..])?;
            Some((*number, *self.sent.get(topic)?))
        });
        lens.collect()
    }

    fn end(mut self) {
        let quorum = self.quorum();
        self.bench.publisher.begin_close(self.bench.now);
        for _ in 0..self.rng.below(60) {
            self.acknowledge();
            self.join();
            self.listen();
            self.look();
        }
        if self.rng.below(2) == 0 {
            self.acknowledge_all();
        }
        let report = self.bench.publisher.finish(quorum);
        self.check(&report);
    }

    fn check(&self, report: &PublisherReport) {
        let accepted: u64 = self.sent.values().sum();
        assert_eq!(report.counters.accepted, accepted);
        let mut unowed = 0;
        let mut fewest = usize::MAX;
        for (topic, &len) in &self.sent {
            for sequence in 1..=len {
                let owed = report.members.iter().flat_map(|member| {
                    let topics = member.topics.iter();
                    let topics = topics.filter(|t| &t.topic[..] == topic.as_bytes());
                    topics.filter_map(move |t| covers(t, sequence).then_some((member, t)))
                });
                let owed: Vec<(&MemberReport, &TopicReport)> = owed.collect();
                unowed += u64::from(owed.is_empty());
                let acks = owed.iter().filter(|(m, t)| acknowledges(m, t, sequence));
                for (member, topic) in acks.clone() {
                    self.is_true(member.session, topic, sequence);
                }
                let names: BTreeSet<&str> = acks.map(|(m, _)| &m.name[..]).collect();
                if !owed.is_empty() {
                    fewest = fewest.min(names.len());
                }
            }
        }
        assert_eq!(report.counters.unowed, unowed, "{report}");
        let complete = report.members.iter().all(|member| member.unacked() == 0);
        let holds = match &report.quorum {
            Quorum::All => complete,
            Quorum::AtLeast(least) => fewest >= *least,
            Quorum::Named(names) => names.iter().all(|name| {
                let mut sessions = report.members.iter().filter(|m| m.name == *name);
                let joined = sessions.clone().any(|m| m.session.is_some());
                joined && sessions.all(|m| m.unacked() == 0)
            }),
            _ => unreachable!("another quorum"),
        };
        match report.outcome {
            Outcome::Drained => assert!(holds && unowed < accepted, "{report}"),
            Outcome::Behind => assert!(!holds && unowed < accepted, "{report}"),
            _ => assert_eq!(unowed, accepted, "{report}"),
        }
    }

    /// Whether a session really acknowledged what the report says.
    fn is_true(&self, session: Option<SessionId>, topic: &TopicReport, sequence: u64) {
        let session = session.expect("who never came acknowledged nothing");
        let mut sessions = self.sessions.iter();
        let session = sessions.find(|s| s.peer.session == session).expect("ours");
        let acked = session.acked.get(&topic.number).copied().unwrap_or(0);
        assert!(sequence <= acked, "{topic:?}: it was at {acked}");
    }
}

fn covers(topic: &TopicReport, sequence: u64) -> bool {
    let mut earlier = topic.earlier_ranges.iter();
    (topic.base..=topic.last).contains(&sequence) || earlier.any(|range| range.contains(sequence))
}

fn acknowledges(member: &MemberReport, topic: &TopicReport, sequence: u64) -> bool {
    let mark = match member.level {
        linger_ack_proto::Level::Received => topic.received,
        _ => topic.processed,
    };
    sequence <= mark && !topic.gone.iter().any(|range| range.contains(sequence))
}

struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "seed {} failed: LINGER_SEED={} runs it alone",
                self.0, self.0
            );
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn reports_verdicts_and_counts_are_true_whatever_peers_do() {
    let seeds = match number("LINGER_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LINGER_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let _named = Named(seed);
        let mut life = Life::new(seed);
        let most = life.rng.pick(&[30, 60, 300]);
        for _ in 0..life.rng.below(most) {
            life.step();
        }
        life.end();
    }
}
