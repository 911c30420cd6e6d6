//! Plans and windows of random graphs, against their ways walked one by one.

use std::time::{Duration, Instant};

use super::tests::{NAMES, Seed};
use super::window;
use crate::builder::BuildError;
use crate::phase::Phase;
use crate::phases::{PhaseSpec, Phases};
use crate::plan::Plan;

/// How a phase is listed.
#[derive(Clone, Copy, Debug)]
enum Link {
    Then,
    And,
    /// The phases whose bit is set: itself and later ones, too.
    After(u64),
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    link: Link,
    /// What it begins after when all are listed, if that is said anew.
    adjusted: Option<u64>,
    cap: Option<Duration>,
    reserve: Duration,
}

#[derive(Debug)]
struct Graph {
    asked: Vec<Asked>,
    budget: Duration,
}

fn any_graph(seed: &mut Seed) -> Graph {
    let count = 1 + seed.below(NAMES.len() as u64);
    // Seldom a cycle: most wait for who was listed before.
    let cyclic = seed.below(4) == 0;
    let mut asked = Vec::new();
    for number in 0..count {
        let others = if cyclic { count } else { number };
        let mut any = |others: u64| seed.below(1 << others) & seed.below(1 << others);
        let bits = any(others);
        let adjusted = any(others);
        let link = match seed.below(4) {
            0 => Link::Then,
            1 => Link::And,
            _ => Link::After(bits),
        };
        asked.push(Asked {
            link,
            adjusted: (seed.below(8) == 0).then_some(adjusted),
            cap: (seed.below(2) == 0).then(|| seed.duration()),
            reserve: match seed.below(2) {
                0 => seed.duration(),
                _ => Duration::ZERO,
            },
        });
    }
    let mut graph = Graph {
        asked,
        budget: seed.duration() + Duration::from_nanos(1),
    };
    // Sometimes it fits exactly.
    if seed.below(4) == 0 && !graph.is_cyclic() && !graph.needed().is_zero() {
        graph.budget = graph.needed();
    }
    graph
}

impl Graph {
    fn plan(&self) -> Result<Plan, BuildError> {
        let mut phases = Phases::new();
        for (number, asked) in self.asked.iter().enumerate() {
            let mut spec = PhaseSpec::from(NAMES[number]).reserve(asked.reserve);
            if let Some(cap) = asked.cap {
                spec = spec.cap(cap);
            }
            phases = match asked.link {
                Link::Then => phases.then(spec),
                Link::And => phases.and(spec),
                Link::After(bits) => phases.and(spec.after(self.among(bits))),
            };
        }
        for (number, asked) in self.asked.iter().enumerate() {
            if let Some(bits) = asked.adjusted {
                phases = phases.adjust(NAMES[number], |spec| spec.after(self.among(bits)));
            }
        }
        Plan::new(&phases, self.budget)
    }

    fn numbers(&self) -> std::ops::Range<usize> {
        0..self.asked.len()
    }

    fn is_after(&self, number: usize, other: usize) -> bool {
        let asked = self.asked[number];
        match (asked.adjusted, asked.link) {
            (Some(bits), _) | (None, Link::After(bits)) => bits & 1 << other != 0,
            (None, Link::Then) => other < number,
            (None, Link::And) => false,
        }
    }

    fn among(&self, bits: u64) -> impl Iterator<Item = Phase> {
        let among = self.numbers().filter(move |number| bits & 1 << number != 0);
        among.map(|number| NAMES[number])
    }

    /// Whether it comes after the other, by whatever way.
    fn follows(&self) -> Vec<Vec<bool>> {
        let row = |number| {
            self.numbers()
                .map(move |other| self.is_after(number, other))
        };
        let mut follows: Vec<Vec<bool>> = self.numbers().map(|it| row(it).collect()).collect();
        for by in self.numbers() {
            for from in self.numbers() {
                for to in self.numbers() {
                    follows[from][to] |= follows[from][by] && follows[by][to];
                }
            }
        }
        follows
    }

    fn is_cyclic(&self) -> bool {
        let follows = self.follows();
        self.numbers().any(|number| follows[number][number])
    }

    /// It counts up to the cap.
    fn reserve(&self, number: usize) -> Duration {
        let asked = self.asked[number];
        asked.reserve.min(asked.cap.unwrap_or(Duration::MAX))
    }

    /// What must be left when it ends: each way from it, to its end.
    fn kept(&self, number: usize) -> Duration {
        let next = self.numbers().filter(|&other| self.is_after(other, number));
        let ways = next.map(|other| self.reserve(other) + self.kept(other));
        ways.max().unwrap_or_default()
    }

    fn needed(&self) -> Duration {
        let needed = self.numbers().map(|it| self.kept(it) + self.reserve(it));
        needed.max().unwrap_or_default()
    }

    fn number(phase: Phase) -> usize {
        NAMES.iter().position(|name| *name == phase).unwrap()
    }
}

/// What is made of many seeds, and what each kind of error names.
#[derive(Debug, Default)]
struct Seen {
    plans: usize,
    cycles: usize,
    misfits: usize,
}

#[test]
fn a_graph_is_refused_exactly_if_it_has_a_cycle_or_a_way_whose_reserves_do_not_fit() {
    let mut seen = Seen::default();
    for seed in 0..10_000 {
        let graph = any_graph(&mut Seed(seed));
        let follows = graph.follows();
        if graph.is_cyclic() {
            seen.cycles += 1;
            let Err(BuildError::Cycle { phases }) = graph.plan() else {
                panic!("seed {seed}: a cycle was not found in {graph:?}");
            };
            assert!(phases.len() > 1 && phases.first() == phases.last());
            for pair in phases.windows(2) {
                let [one, next] = [Graph::number(pair[0]), Graph::number(pair[1])];
                assert!(graph.is_after(one, next), "seed {seed}: {phases:?}");
            }
            continue;
        }
        let needed = graph.needed();
        match graph.plan() {
            Ok(_) => {
                seen.plans += 1;
                assert!(needed <= graph.budget, "seed {seed}: {graph:?}");
            }
            Err(BuildError::ReservesDontFit { phases, .. }) => {
                seen.misfits += 1;
                let sum: Duration = phases.iter().map(|(_, reserve)| *reserve).sum();
                assert!(
                    sum == needed && needed > graph.budget,
                    "seed {seed}: {phases:?}"
                );
                for pair in phases.windows(2) {
                    let [one, next] = [Graph::number(pair[0].0), Graph::number(pair[1].0)];
                    assert!(follows[next][one], "seed {seed}: no way: {phases:?}");
                }
            }
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
    let Seen {
        plans,
        cycles,
        misfits,
    } = seen;
    let fewest = plans.min(cycles).min(misfits);
    assert!(
        fewest > 1_000,
        "the generator makes too few of a kind: {seen:?}"
    );
}

#[test]
fn in_a_graph_no_phase_is_starved_nothing_passes_hard_and_unused_time_rolls_on() {
    let base = Instant::now();
    for number in 0..10_000 {
        let mut seed = Seed(number);
        let graph = any_graph(&mut seed);
        let Ok(plan) = graph.plan() else {
            continue;
        };
        let follows = graph.follows();
        let hard = base + graph.budget;
        let mut ends = vec![base; graph.asked.len()];
        for (place, row) in plan.phases().iter().enumerate() {
            let phase = Graph::number(row.phase());
            // Whatever the plan keeps of what it was told, nobody begins before all have ended.
            let stands_before = |other: &usize| {
                let mut before = plan.phases()[..place].iter();
                before.any(|row| row.phase() == NAMES[*other])
            };
            let mut earlier = graph.numbers().filter(|&other| follows[phase][other]);
            assert!(earlier.all(|other| stands_before(&other)));
            let waits_for = plan
                .before(place)
                .map(|earlier| ends[Graph::number(earlier)]);
            let start = waits_for.max().unwrap_or(base);
            for other in graph.numbers().filter(|&other| follows[phase][other]) {
                assert!(start >= ends[other], "seed {number}: {graph:?}");
            }

            let window = window(row, start, hard, false);
            let latest = hard - graph.kept(phase);
            let cap = graph.asked[phase].cap.unwrap_or(graph.budget);
            assert_eq!(window.end, (start + cap).min(latest), "seed {number}");
            assert!(window.length() >= graph.reserve(phase), "seed {number}");
            assert!(window.end <= hard && window.force <= window.abort);
            assert_eq!(row.cap(), cap.min(graph.budget - graph.kept(phase)));
            // It takes none, some or all of its time.
            let length = u64::try_from(window.length().as_nanos()).unwrap();
            ends[phase] = start
                + match seed.below(3) {
                    0 => Duration::ZERO,
                    1 => Duration::from_nanos(seed.below(length + 1)),
                    _ => window.length(),
                };
        }
    }
}
