//! What is to happen in one storm, from its seed.

use super::pattern::{Pattern, Side};
use crate::random::Random;
use std::time::Duration;

/// How large a storm is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Size {
    /// How many sockets the registry has.
    pub sockets: usize,
    /// How many threads own them.
    pub threads: usize,
}

impl Size {
    /// 900 sockets, owned by 64 threads.
    pub const FULL: Self = Self {
        sockets: 900,
        threads: 64,
    };

    /// A third of that: room for twice as many monitors.
    pub const MODEST: Self = Self {
        sockets: 300,
        threads: 32,
    };
}

/// The groups that the sockets are in.
pub(crate) const GROUPS: [&str; 3] = ["intake", "work", "out"];

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) links: Vec<Link>,
    /// How each owner spends its time.
    pub(crate) owners: Vec<Habit>,
    /// The close begins once so many sockets are open and this time is over.
    pub(crate) opened: usize,
    pub(crate) load: Duration,
    /// This group stops at half of that time.
    pub(crate) stopped_before: Option<&'static str>,
    /// From the call of `close_by` to its deadline.
    pub(crate) budget: Duration,
}

/// Two sockets that are to talk, or one that talks to nobody.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) pattern: Pattern,
    pub(crate) transport: Transport,
    pub(crate) first: End,
    pub(crate) second: End,
    pub(crate) first_binds: bool,
    /// How many messages the first end sends at most, and how long they are.
    pub(crate) messages: u32,
    pub(crate) length: usize,
    /// The high-water mark of the end that sends.
    pub(crate) high_water: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    Ipc,
    Inproc,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct End {
    pub(crate) place: Place,
    pub(crate) linger: Duration,
    pub(crate) group: &'static str,
    /// Its owner lets go so long after all were open, whatever comes. Before that there would be no
    /// room: what lingers, and the monitors, count among the sockets of a context.
    pub(crate) dropped_after: Option<Duration>,
    /// Its owner discards what is queued.
    pub(crate) discarded: bool,
    /// It is held, and not read.
    pub(crate) is_idle: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the registry, owned by the thread of that number.
    Owner(usize),
    /// In a context beside it, and read all the time.
    Prompt,
    /// In a context beside it, and read only once the registry has closed.
    Stalled,
    /// There is none: nobody listens.
    Nowhere,
}

/// How an owner spends its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Serves all its sockets in turn, until their groups stop.
    Serves,
    /// Is in `messages()` of one of them.
    Listens,
    /// Is in a bare `recv` of one of them, where no stop is seen.
    Receives,
    /// Is in a bare `send` of one of them, most likely at its high-water mark.
    Sends,
}

impl Plan {
    pub(crate) fn new(seed: u64, size: Size) -> Self {
        let mut random = Random::new(seed);
        let owners = habits(&mut random, size.threads);
        // Of a hundred sockets, how many send to a peer that takes nothing, or is not there.
        let stuck = random.below(16);
        let mut links = Vec::new();
        let mut inside = 0;
        while inside < size.sockets {
            let left = size.sockets - inside;
            let link = Link::draw(&mut random, &owners, stuck, left);
            inside += link.inside();
            links.push(link);
        }
        let budget = Duration::from_millis(random.between(300, 3_000));
        let is_early = random.chance(10);
        let some = random.between(1, size.sockets as u64);
        Self {
            links,
            owners,
            opened: match is_early {
                true => usize::try_from(some).unwrap_or(1),
                false => size.sockets,
            },
            load: Duration::from_millis(random.between(0, 400)),
            // Only once all are open: what lingers then, and the monitors, need room.
            stopped_before: (random.chance(30) && !is_early)
                .then(|| random.pick(&GROUPS, GROUPS[0])),
            budget,
        }
    }

    /// How many the registry has.
    pub(crate) fn sockets(&self) -> usize {
        self.links.iter().map(Link::inside).sum()
    }

    /// Where those that one owner holds stand.
    pub(crate) fn of_owner(&self, owner: usize) -> Vec<(usize, Side)> {
        self.ends(|end| end.place == Place::Owner(owner))
    }

    /// Where those beside the registry stand.
    pub(crate) fn outside(&self) -> Vec<(usize, Side)> {
        self.ends(|end| matches!(end.place, Place::Prompt | Place::Stalled))
    }

    fn ends(&self, is_wanted: impl Fn(&End) -> bool) -> Vec<(usize, Side)> {
        let links = self.links.iter().enumerate();
        let ends = links.flat_map(|(at, link)| {
            [Side::First, Side::Second].map(|side| (at, side, link.end(side)))
        });
        ends.filter(|(_, _, end)| is_wanted(end))
            .map(|(at, side, _)| (at, side))
            .collect()
    }
}

impl Link {
    fn draw(random: &mut Random, owners: &[Habit], stuck: u64, left: usize) -> Self {
        let stuck = random.chance(stuck);
        let second = match random.below(100) {
            _ if stuck && random.chance(50) => Place::Stalled,
            _ if stuck => Place::Nowhere,
            0..=14 => Place::Prompt,
            _ if left < 2 => Place::Prompt,
            _ => owner(random, owners),
        };
        let pattern = match second {
            Place::Owner(_) => random.pick(&Pattern::ALL, Pattern::Push),
            Place::Prompt | Place::Stalled => random.pick(&Pattern::JUDGED, Pattern::Push),
            Place::Nowhere => random.pick(&Pattern::PATIENT, Pattern::Push),
        };
        let transport = match second {
            Place::Owner(_) => random.pick(
                &[Transport::Tcp, Transport::Ipc, Transport::Inproc],
                Transport::Tcp,
            ),
            Place::Nowhere if random.chance(10) => Transport::Inproc,
            // Over ipc a reader whose queue is full when its peer closes never gets what the
            // kernel still holds: libzmq takes the hang-up for the end, and reads no further.
            Place::Stalled => Transport::Tcp,
            _ => random.pick(&[Transport::Tcp, Transport::Ipc], Transport::Tcp),
        };
        let is_long = matches!(second, Place::Stalled);
        let group = random.pick(&GROUPS, GROUPS[0]);
        let first = owner(random, owners);
        Self {
            pattern,
            transport,
            first: End::draw(random, first, group),
            second: End::draw(random, second, group),
            first_binds: second != Place::Nowhere && random.chance(50),
            messages: u32::try_from(random.below(600)).unwrap_or(0),
            length: usize::try_from(match is_long {
                true => random.between(512, 2_048),
                false => random.between(16, 512),
            })
            .unwrap_or(16),
            high_water: i32::try_from(random.between(4, 1_000)).unwrap_or(1_000),
        }
    }

    pub(crate) fn end(&self, side: Side) -> &End {
        match side {
            Side::First => &self.first,
            Side::Second => &self.second,
        }
    }

    pub(crate) fn binds(&self, side: Side) -> bool {
        self.first_binds == (side == Side::First)
    }

    fn inside(&self) -> usize {
        let ends = [&self.first, &self.second];
        let inside = ends
            .iter()
            .filter(|end| matches!(end.place, Place::Owner(_)));
        inside.count()
    }
}

impl End {
    fn draw(random: &mut Random, place: Place, group: &'static str) -> Self {
        let linger = match random.below(10) {
            0 => 0,
            1..=3 => random.between(1, 100),
            _ => random.between(100, 1_500),
        };
        let drops = random.chance(15);
        let after = Duration::from_millis(random.below(400));
        Self {
            place,
            linger: Duration::from_millis(linger),
            group,
            dropped_after: drops.then_some(after),
            discarded: random.chance(2),
            is_idle: random.chance(8),
        }
    }
}

fn habits(random: &mut Random, threads: usize) -> Vec<Habit> {
    let habit = |random: &mut Random| match random.below(64) {
        0..=3 => Habit::Receives,
        4..=5 => Habit::Sends,
        6..=17 => Habit::Listens,
        _ => Habit::Serves,
    };
    // One at least that serves: it takes what nobody else can.
    let others = (1..threads).map(|_| habit(random));
    std::iter::once(Habit::Serves).chain(others).collect()
}

/// One of them; seldom one that holds up what it owns until it is woken by `ETERM`.
fn owner(random: &mut Random, owners: &[Habit]) -> Place {
    let draw = |random: &mut Random| usize::try_from(random.below(owners.len() as u64));
    let mut number = draw(random).unwrap_or(0);
    if matches!(owners[number], Habit::Receives | Habit::Sends) && random.chance(80) {
        number = draw(random).unwrap_or(0);
    }
    Place::Owner(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_plan_every_time_and_another_gives_another() {
        let plan = Plan::new(7, Size::FULL);
        assert_eq!(plan, Plan::new(7, Size::FULL));
        assert_ne!(plan, Plan::new(8, Size::FULL));
    }

    #[test]
    fn every_plan_has_as_many_sockets_as_it_is_to_have_each_with_one_owner() {
        for seed in 0..20 {
            let plan = Plan::new(seed, Size::FULL);
            let owned: usize = (0..64).map(|owner| plan.of_owner(owner).len()).sum();
            assert_eq!((owned, plan.sockets()), (900, 900), "seed {seed}");
            assert!(plan.opened <= 900 && !plan.outside().is_empty());
            assert!(plan.budget >= Duration::from_millis(300));
            assert!(plan.budget <= Duration::from_secs(3));
        }
    }

    #[test]
    fn nobody_is_asked_to_bind_where_nobody_is() {
        for link in Plan::new(1, Size::FULL).links {
            assert!(link.second.place != Place::Nowhere || link.binds(Side::Second));
            assert_ne!(link.binds(Side::First), link.binds(Side::Second));
        }
    }
}
