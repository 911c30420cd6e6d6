//! Virtual time: what happens next is the earliest of what was scheduled.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Microseconds since the world began.
pub(crate) type Time = u64;

pub(crate) const MS: Time = 1_000;
pub(crate) const SECOND: Time = 1_000 * MS;

/// What is scheduled. Numbers are places in the world's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A publisher's process may run.
    Publisher(usize),
    /// A subscriber's process may run.
    Subscriber(usize),
    /// The first frame of a lane arrives.
    Arrival(usize, Way),
    /// Frames of a connection that is over come up.
    Late(usize),
    /// A connection that is down is made anew.
    Connect(usize, Plane),
    /// A publisher's application publishes.
    Produce(usize),
    /// A subscriber's application takes what was delivered, or acknowledges it.
    Consume(usize),
    /// Something goes wrong.
    Fault,
    /// Something that went wrong is over.
    Cure(Ailment),
}

/// The lanes of a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// PUB to SUB: messages and private frames.
    Data,
    /// SUB to PUB: subscriptions.
    Filter,
    /// DEALER to ROUTER.
    Up,
    /// ROUTER to DEALER.
    Down,
}

/// The connections of a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Plane {
    Data,
    Control,
}

/// What ends by itself after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ailment {
    Stall(usize, Way),
    Delay(usize),
    HalfOpen(usize, Plane),
    Loss(usize),
    Habit(usize),
    SuspendedPublisher(usize),
    SuspendedSubscriber(usize),
    DeadPublisher(usize),
    /// It is time for a publisher to close.
    OpenPublisher(usize),
}

/// A heap of events; what is scheduled for the same time comes in the order of its scheduling.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    heap: BinaryHeap<Reverse<(Time, u64, What)>>,
    count: u64,
}

impl Schedule {
    pub(crate) fn at(&mut self, time: Time, what: What) {
        self.count += 1;
        self.heap.push(Reverse((time, self.count, what)));
    }

    /// The next event, if it is not after `end`.
    pub(crate) fn pop_until(&mut self, end: Time) -> Option<(Time, What)> {
        let Reverse((time, ..)) = *self.heap.peek()?;
        if time > end {
            return None;
        }
        self.heap.pop().map(|Reverse((time, _, what))| (time, what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_the_order_of_time_then_of_scheduling() {
        let mut schedule = Schedule::default();
        schedule.at(5, What::Produce(0));
        schedule.at(3, What::Produce(2));
        schedule.at(3, What::Produce(1));
        assert_eq!(schedule.pop_until(2), None);
        assert_eq!(schedule.pop_until(5), Some((3, What::Produce(2))));
        assert_eq!(schedule.pop_until(5), Some((3, What::Produce(1))));
        assert_eq!(schedule.pop_until(5), Some((5, What::Produce(0))));
        assert_eq!(schedule.pop_until(5), None);
    }
}
