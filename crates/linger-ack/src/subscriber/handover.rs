//! What goes between the application and the receive thread without the lock around the machines.
//!
//! That lock is held for a whole burst of messages; this one for as long as it takes to move one in
//! or out. Whoever needs to know how things stand locks the machines and has them told first
//! ([`Shared::lock`](super::state::Shared::lock)); that order of the two locks is the only one.

use super::state::LinkState;
use linger_ack_proto::{DeliveryId, Item};
use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

pub(super) struct Handover {
    inner: Mutex<Inner>,
    /// With so few waiting, the thread reads on.
    resume: usize,
    /// How long an acknowledgement may wait for company.
    ack_delay: Duration,
}

struct Inner {
    links: Vec<Link>,
    /// Which link is asked first for the next delivery, so that none is starved.
    turn: usize,
    /// How many deliveries the application holds.
    held: u64,
    /// What the application has acknowledged, and the machines don't know yet.
    acked: Vec<Run>,
    acked_messages: u64,
    acked_bytes: usize,
    /// A machine was told of acknowledgements after the thread had asked it for its timers.
    is_told: bool,
    /// How many messages, or bytes, may be acknowledged before an ACK is due at once.
    room: (u64, usize),
    /// A machine has something that comes before what is here, or after the last of it: ask them.
    is_detour: bool,
    /// At the end of a stream someone may wait for nothing but an acknowledgement.
    is_over: bool,
    sleep: Sleep,
    /// The room of a batch that is done with.
    spare: VecDeque<Item>,
}

/// How much room is kept at most, in messages.
const SPARE: usize = 4_096;

#[derive(Default)]
struct Link {
    ready: VecDeque<Item>,
    /// The thread has stopped reading SUB, as too many wait.
    is_paused: bool,
}

/// Acknowledged messages of one topic in a row.
#[derive(Clone, Copy, Debug)]
struct Run {
    link: usize,
    last: DeliveryId,
    count: u64,
    bytes: usize,
}

impl Run {
    fn goes_on_with(&self, link: usize, id: &DeliveryId) -> bool {
        let last = &self.last;
        (self.link, last.number, last.generation) == (link, id.number, id.generation)
            && last.sequence + 1 == id.sequence
    }
}

/// What a batch was filled with.
pub(super) enum Popped {
    /// Messages, one at least.
    Messages {
        link: usize,
        items: VecDeque<Item>,
        /// As [`Taken::resumes`].
        resumes: bool,
    },
    /// Something else, which is given by itself.
    Other(Taken),
}

/// What the receive thread does.
#[derive(Clone, Copy, Debug)]
enum Sleep {
    /// It looks at what was acknowledged before it sleeps.
    Awake,
    Until(Option<Instant>),
}

/// What the application was given.
pub(super) struct Taken {
    pub(super) link: usize,
    pub(super) item: Item,
    /// So few wait now that the thread is to read on.
    pub(super) resumes: bool,
}

impl Taken {
    /// What a machine gave by itself: nothing that waits is less for it.
    pub(super) fn from_machine(link: usize, item: Item) -> Self {
        Self {
            link,
            item,
            resumes: false,
        }
    }
}

/// What has to be done after an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acked {
    /// Nothing: the thread will see it in time.
    Noted,
    /// The thread is to be woken.
    Wake,
    /// So is whoever waits for the end.
    Announce,
}

impl Handover {
    pub(super) fn new(links: usize, queue: usize, ack_delay: Duration) -> Self {
        Self {
            inner: Mutex::new(Inner {
                links: (0..links).map(|_| Link::default()).collect(),
                turn: 0,
                held: 0,
                acked: Vec::new(),
                acked_messages: 0,
                acked_bytes: 0,
                is_told: false,
                room: (0, 0),
                is_detour: false,
                is_over: false,
                sleep: Sleep::Awake,
                spare: VecDeque::new(),
            }),
            resume: queue / 2,
            ack_delay,
        }
    }

    /// The next delivery, if there is one and no machine has to be asked first.
    pub(super) fn pop(&self) -> Option<Taken> {
        let mut inner = self.inner.lock();
        match inner.is_detour {
            true => None,
            false => inner.pop_any(self.resume),
        }
    }

    /// Takes up to so many messages of one link, if no machine has to be asked first.
    ///
    /// What can't be had any more stands between messages: it is given alone.
    pub(super) fn pop_many(&self, most: usize) -> Option<Popped> {
        let mut inner = self.inner.lock();
        if inner.is_detour {
            return None;
        }
        let at = inner.next_ready()?;
        let spare = mem::take(&mut inner.spare);
        let link = inner.links.get_mut(at)?;
        let is_message = |item: &&Item| matches!(item, Item::Message(_));
        let count = link.ready.iter().take(most).take_while(is_message).count();
        if count == 0 {
            return inner.pop(at, self.resume).map(Popped::Other);
        }
        let items = match count == link.ready.len() {
            // Nothing is moved: one queue takes the place of the other.
            true => mem::replace(&mut link.ready, spare),
            false => link.ready.drain(..count).collect(),
        };
        let resumes = link.resumes(self.resume);
        inner.held += count as u64;
        inner.turn_after(at);
        Some(Popped::Messages {
            link: at,
            items,
            resumes,
        })
    }

    /// Notes that all of a batch is acknowledged; takes its room back.
    pub(super) fn acknowledge_all(&self, link: usize, items: VecDeque<Item>) -> Acked {
        let ids = items.iter().filter_map(|item| match item {
            Item::Message(delivery) => Some((link, &delivery.id)),
            _ => None,
        });
        let acked = self.acknowledge(ids);
        // Payloads are let go without the lock.
        let mut items = items;
        items.clear();
        let spare = &mut self.inner.lock().spare;
        if spare.capacity() < items.capacity() && items.capacity() <= SPARE {
            *spare = items;
        }
        acked
    }

    /// Notes acknowledgements.
    pub(super) fn acknowledge<'a>(
        &self,
        ids: impl Iterator<Item = (usize, &'a DeliveryId)>,
    ) -> Acked {
        let mut inner = self.inner.lock();
        let is_first = inner.acked.is_empty();
        for (link, id) in ids {
            inner.acknowledge(link, id);
        }
        if inner.is_over {
            return Acked::Announce;
        }
        let Sleep::Until(wakes) = inner.sleep else {
            return Acked::Noted;
        };
        let (messages, bytes) = inner.room;
        let is_due = inner.acked_messages >= messages || inner.acked_bytes >= bytes;
        // Only for the first is there no timer yet.
        let is_late = |limit: Instant| wakes.is_none_or(|wakes| wakes > limit);
        if is_due || (is_first && is_late(Instant::now() + self.ack_delay)) {
            // It is woken once.
            inner.sleep = Sleep::Awake;
            return Acked::Wake;
        }
        Acked::Noted
    }

    /// For whoever has locked the machines.
    pub(super) fn lock(&self) -> Locked<'_> {
        Locked {
            inner: self.inner.lock(),
            resume: self.resume,
        }
    }

    /// Says that the thread sleeps until then; false if it is to look again first.
    pub(super) fn sleeps(&self, until: Option<Instant>) -> bool {
        let mut inner = self.inner.lock();
        // Whoever acknowledged may have told the machine itself since, to ask it for more.
        let may_sleep = inner.acked.is_empty() && !inner.is_told;
        if may_sleep {
            inner.sleep = Sleep::Until(until);
        }
        may_sleep
    }

    /// Says that the thread is awake.
    pub(super) fn is_awake(&self) {
        self.inner.lock().sleep = Sleep::Awake;
    }
}

/// The handover of somebody who has locked the machines.
pub(super) struct Locked<'a> {
    inner: MutexGuard<'a, Inner>,
    resume: usize,
}

impl Locked<'_> {
    /// Tells the machines what was acknowledged, and how much waits; says how much is held.
    pub(super) fn tell(&mut self, links: &mut [LinkState]) -> u64 {
        if !self.inner.acked.is_empty() {
            let now = Instant::now();
            let inner = &mut *self.inner;
            for run in inner.acked.drain(..) {
                if let Some(link) = links.get_mut(run.link) {
                    link.machine
                        .acknowledge_run(now, &run.last, run.count, run.bytes);
                }
            }
            inner.acked_messages = 0;
            inner.acked_bytes = 0;
            inner.is_told = true;
        }
        for (link, here) in links.iter_mut().zip(&self.inner.links) {
            link.machine.set_waiting(here.ready.len());
        }
        self.inner.held
    }

    /// Takes what is new from a machine; says whether that was something. The thread does so
    /// right before it asks for the timers.
    pub(super) fn fill(&mut self, at: usize, link: &mut LinkState) -> bool {
        self.inner.is_told = false;
        let Some(here) = self.inner.links.get_mut(at) else {
            return false;
        };
        let before = here.ready.len();
        link.machine.take_deliveries(&mut here.ready);
        link.machine.set_waiting(here.ready.len());
        here.is_paused |= link.machine.is_full();
        here.ready.len() > before
    }

    /// Whether the data of a link may be read.
    pub(super) fn takes_data(&self, at: usize) -> bool {
        self.inner.links.get(at).is_some_and(|link| !link.is_paused)
    }

    /// Notes how the machines stand, once nobody asks them any more.
    pub(super) fn note(&mut self, links: &[LinkState]) {
        let asks = |link: &LinkState| link.machine.has_again() || link.error.is_some();
        self.inner.is_detour = links.iter().any(asks);
        self.inner.is_over = links.iter().any(LinkState::is_over);
        let rooms = links.iter().map(|link| link.machine.ack_room());
        self.inner.room = rooms
            .reduce(|one, other| (one.0.min(other.0), one.1.min(other.1)))
            .unwrap_or_default();
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> usize {
        self.inner.turn
    }

    /// The next delivery of this link, if it has one.
    pub(super) fn pop(&mut self, at: usize) -> Option<Taken> {
        self.inner.pop(at, self.resume)
    }

    /// A machine gave the application something by itself.
    pub(super) fn gives(&mut self, at: usize, item: &Item) {
        self.inner.gives(at, item);
    }

    /// A delivery came back unacknowledged.
    pub(super) fn takes_back(&mut self) {
        self.inner.held -= 1;
    }
}

impl Inner {
    fn pop_any(&mut self, resume: usize) -> Option<Taken> {
        let next = self.next_ready()?;
        self.pop(next, resume)
    }

    /// Whose turn it is of those that have something.
    fn next_ready(&self) -> Option<usize> {
        let mut order = (self.turn..self.links.len()).chain(0..self.turn);
        order.find(|at| self.links.get(*at).is_some_and(|it| !it.ready.is_empty()))
    }

    fn acknowledge(&mut self, link: usize, id: &DeliveryId) {
        self.held -= 1;
        self.acked_messages += 1;
        self.acked_bytes += id.len;
        match self.acked.last_mut() {
            Some(run) if run.goes_on_with(link, id) => {
                run.last = *id;
                run.count += 1;
                run.bytes += id.len;
            }
            _ => self.acked.push(Run {
                link,
                last: *id,
                count: 1,
                bytes: id.len,
            }),
        }
    }

    fn pop(&mut self, at: usize, resume: usize) -> Option<Taken> {
        let link = self.links.get_mut(at)?;
        let item = link.ready.pop_front()?;
        let resumes = link.resumes(resume);
        self.gives(at, &item);
        Some(Taken {
            link: at,
            item,
            resumes,
        })
    }

    fn gives(&mut self, at: usize, item: &Item) {
        self.turn_after(at);
        if matches!(item, Item::Message(_)) {
            self.held += 1;
        }
    }

    fn turn_after(&mut self, at: usize) {
        self.turn = match at + 1 < self.links.len() {
            true => at + 1,
            false => 0,
        };
    }
}

impl Link {
    /// Whether so few wait now that the thread, which had stopped, is to read on.
    fn resumes(&mut self, resume: usize) -> bool {
        let resumes = self.is_paused && self.ready.len() <= resume;
        if resumes {
            self.is_paused = false;
        }
        resumes
    }
}
