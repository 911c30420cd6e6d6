//! What is to happen in a cycle: all of it from one seed.
//!
//! The schedule is the same for the same seed; what comes of it is not: the processes run on a
//! machine that has other things to do.

use super::fault::Fault;
use super::judge::Quorum;
use crate::random::Random;
use std::time::Duration;

/// How many subscribers there are.
pub const MEMBERS: u16 = 4;

/// What one cycle does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// The publisher's settings.
    pub source: Source,
    /// The subscribers' settings.
    pub sinks: Vec<Sink>,
    /// Before the stop, from the beginning of the stream, in order.
    pub steps: Vec<Step>,
    /// During the stop, from its SIGTERM, in order.
    pub last_steps: Vec<Step>,
}

/// A publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// How long its stop may take.
    pub budget: Duration,
    /// Its window, in messages.
    pub window: u64,
    /// After how much silence a member expires.
    pub expiry: Duration,
    /// The subscribers' names are durable.
    pub is_durable: bool,
    /// Who must have acknowledged.
    pub quorum: Quorum,
    /// The longest payload, in bytes.
    pub payload: u64,
    /// Messages a second.
    pub rate: u64,
    /// For how many members it waits before it streams.
    pub wait: u16,
    /// Its kernel buffers are small.
    pub has_small_buffers: bool,
    /// After how long a message that waits for room has those evicted who hold it up.
    pub evict_after: Option<Duration>,
}

/// A subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sink {
    /// How many deliveries may wait.
    pub queue: u64,
    /// RCVHWM of its SUB.
    pub high_water_mark: u64,
    /// What a message costs it.
    pub work: Duration,
    /// How many messages it acknowledges at once.
    pub batch: u64,
    /// It acknowledges each batch from its end.
    pub is_backwards: bool,
    /// Which topics it subscribes to.
    pub prefix: &'static str,
}

/// The beginning or the end of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// When.
    pub at: Duration,
    /// What.
    pub fault: Fault,
    /// Whose; of no meaning where it is the publisher's.
    pub member: u16,
    /// It begins; or it is over.
    pub begins: bool,
}

impl Plan {
    /// The plan of one cycle, which streams for about `span`; `has_relays` or links between hosts.
    #[must_use]
    pub fn new(seed: u64, span: Duration, rate: u64, has_relays: bool) -> Self {
        let mut random = Random::new(seed);
        // The first numbers of seeds that follow each other are as different as any.
        let is_under_pressure = random.chance(30);
        let source = Source::new(&mut random, rate, is_under_pressure);
        let mut sinks: Vec<Sink> = (0..MEMBERS)
            .map(|_| Sink::new(&mut random, is_under_pressure))
            .collect();
        if random.chance(25) {
            let at = random.below(sinks.len() as u64);
            if let Some(sink) = sinks.get_mut(usize::try_from(at).unwrap_or(0)) {
                sink.prefix = "t0";
            }
        }
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let mut steps = Vec::new();
        for _ in 0..random.between(3, 7) {
            let fault = draw(&mut random, has_relays);
            let at = random.between(50, millis);
            // Some are not over when the stop begins.
            let lasts = random.chance(80).then(|| random.between(20, millis / 2));
            push(&mut steps, &mut random, fault, at, lasts, millis);
        }
        if random.chance(25) {
            let at = random.between(100, millis);
            let lasts = random.between(20, 300);
            push(
                &mut steps,
                &mut random,
                Fault::PublisherKilled,
                at,
                Some(lasts),
                millis,
            );
        }
        if random.chance(30) {
            let at = random.between(50, millis);
            let lasts = random.between(20, 800);
            push(
                &mut steps,
                &mut random,
                Fault::PublisherSuspended,
                at,
                Some(lasts),
                millis,
            );
        }
        let mut last_steps = Vec::new();
        if random.chance(50) {
            let fault = draw(&mut random, has_relays);
            let budget = u64::try_from(source.budget.as_millis()).unwrap_or(1_000);
            let at = random.below(budget / 4);
            let lasts = random.chance(70).then(|| random.between(20, budget / 2));
            push(&mut last_steps, &mut random, fault, at, lasts, budget);
        }
        steps.sort_by_key(|step| step.at);
        last_steps.sort_by_key(|step| step.at);
        Self {
            source,
            sinks,
            steps,
            last_steps,
        }
    }

    /// The settings that count as faults.
    pub(super) fn settings(&self) -> impl Iterator<Item = Fault> {
        let is_slow = |sink: &&Sink| !sink.work.is_zero();
        let slow = self.sinks.iter().filter(is_slow).count();
        let slow = std::iter::repeat_n(Fault::SlowConsumer, slow);
        let small = self
            .source
            .has_small_buffers
            .then_some(Fault::SmallSendBuffer);
        let pressure = (self.source.window < 1_024).then_some(Fault::HighWaterMarkPressure);
        slow.chain(small).chain(pressure)
    }
}

impl Source {
    fn new(random: &mut Random, rate: u64, is_under_pressure: bool) -> Self {
        let window = match is_under_pressure {
            true => random.pick(&[64, 128, 256], 64),
            false => random.pick(&[1_024, 4_096, 32_768], 4_096),
        };
        let quorum = match random.below(6) {
            0 => Quorum::AtLeast(2),
            1 => Quorum::AtLeast(1),
            2 => Quorum::Named(2),
            _ => Quorum::All,
        };
        Self {
            budget: Duration::from_millis(random.pick(&[1_000, 2_000, 2_500], 2_000)),
            window,
            expiry: Duration::from_millis(random.pick(&[300, 500, 1_000], 500)),
            is_durable: random.chance(30),
            quorum,
            payload: random.pick(&[16, 64, 256, 1_024], 64),
            rate,
            wait: u16::try_from(random.pick(&[0, 2, 4, 4], 4)).unwrap_or(MEMBERS),
            has_small_buffers: random.chance(30),
            evict_after: random
                .chance(20)
                .then(|| Duration::from_millis(random.between(20, 200))),
        }
    }
}

impl Sink {
    fn new(random: &mut Random, is_under_pressure: bool) -> Self {
        let is_slow = random.chance(20);
        let (queue, high_water_mark) = match is_under_pressure {
            true => (random.between(1, 64), random.between(1, 16)),
            false => (random.pick(&[64, 1_024, 8_192], 1_024), 1_000),
        };
        Self {
            queue,
            high_water_mark,
            // At most, so that even a slow one takes more than is published, most of the time.
            work: Duration::from_micros(if is_slow { random.between(20, 200) } else { 0 }),
            batch: random.between(1, 64),
            is_backwards: random.chance(30),
            prefix: "",
        }
    }
}

fn draw(random: &mut Random, has_relays: bool) -> Fault {
    let processes = [
        Fault::SubscriberKilled,
        Fault::SubscriberSuspended,
        Fault::SubscriberTerminated,
    ];
    match (random.chance(40), has_relays) {
        (true, _) => random.pick(&processes, Fault::SubscriberKilled),
        (false, true) => random.pick(&Fault::RELAYED, Fault::DataCut),
        (false, false) => Fault::LinkDown,
    }
}

/// Adds a fault: its beginning, and its end where it ends before `until`.
fn push(
    steps: &mut Vec<Step>,
    random: &mut Random,
    fault: Fault,
    at: u64,
    lasts: Option<u64>,
    until: u64,
) {
    let member = u16::try_from(random.below(MEMBERS.into())).unwrap_or(0);
    let step = |at, begins| Step {
        at: Duration::from_millis(at),
        fault,
        member,
        begins,
    };
    steps.push(step(at, true));
    // The publisher's end always: it can't be stopped while it stands still.
    let is_publishers = matches!(fault, Fault::PublisherKilled | Fault::PublisherSuspended);
    let end = lasts.map(|lasts| at + lasts);
    steps.extend(
        end.filter(|&end| is_publishers || end <= until + until / 4)
            .map(|end| step(end, false)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const SPAN: Duration = Duration::from_millis(1_800);

    #[test]
    fn equal_seeds_give_equal_plans_and_others_do_not() {
        let plan = |seed| Plan::new(seed, SPAN, 10_000, true);
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn a_hundred_seeds_have_every_fault_of_their_ground() {
        for has_relays in [true, false] {
            let mut seen = BTreeSet::from([Fault::SigtermInMidStream]);
            for seed in 0..100 {
                let plan = Plan::new(seed, SPAN, 10_000, has_relays);
                seen.extend(plan.settings());
                let steps = plan.steps.iter().chain(&plan.last_steps);
                seen.extend(steps.map(|step| step.fault));
            }
            let mut wanted = BTreeSet::from(Fault::ALL);
            match has_relays {
                true => assert!(wanted.remove(&Fault::LinkDown)),
                false => wanted.retain(|fault| !Fault::RELAYED.contains(fault)),
            }
            assert_eq!(seen, wanted);
        }
    }

    #[test]
    fn steps_are_in_order_and_the_publisher_is_whole_before_it_is_stopped() {
        for seed in 0..200 {
            let plan = Plan::new(seed, SPAN, 10_000, true);
            assert!(plan.steps.is_sorted_by_key(|step| step.at), "seed {seed}");
            for fault in [Fault::PublisherKilled, Fault::PublisherSuspended] {
                let of_it = |steps: &[Step], begins| {
                    let of_it = |step: &&Step| step.fault == fault && step.begins == begins;
                    steps.iter().filter(of_it).count()
                };
                assert_eq!(of_it(&plan.steps, true), of_it(&plan.steps, false));
                assert_eq!(of_it(&plan.last_steps, true), 0);
            }
        }
    }

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), Fault::ALL.len());
    }
}
