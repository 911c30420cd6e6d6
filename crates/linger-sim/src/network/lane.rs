//! One direction of a connection: what is sent arrives later, in its order.

use crate::schedule::Time;
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Lane<T> {
    queue: VecDeque<(Time, T)>,
    latency: Time,
    /// What a delay adds.
    pub(crate) delay: Time,
    /// Nothing arrives while it stands still.
    pub(crate) is_stalled: bool,
    /// The other side is gone, and this one does not know: what is sent is lost.
    pub(crate) is_void: bool,
    last: Time,
}

impl<T> Lane<T> {
    pub(crate) fn new(latency: Time) -> Self {
        Self {
            queue: VecDeque::new(),
            latency,
            delay: 0,
            is_stalled: false,
            is_void: false,
            last: 0,
        }
    }

    /// Puts something on its way. Tells when it arrives, if nothing is before it.
    pub(crate) fn send(&mut self, now: Time, jitter: Time, item: T) -> Option<Time> {
        if self.is_void {
            return None;
        }
        let at = (now + self.latency + self.delay + jitter).max(self.last);
        self.last = at;
        self.queue.push_back((at, item));
        (self.queue.len() == 1 && !self.is_stalled).then_some(at)
    }

    /// What has arrived by now, and is next.
    pub(crate) fn arrive(&mut self, now: Time) -> Option<T> {
        if self.is_stalled || self.queue.front().is_none_or(|(at, _)| *at > now) {
            return None;
        }
        self.queue.pop_front().map(|(_, item)| item)
    }

    /// When the next one arrives.
    pub(crate) fn next(&self) -> Option<Time> {
        let next = self.queue.front().map(|(at, _)| *at);
        next.filter(|_| !self.is_stalled)
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// The connection is over: what was in flight is handed back, and the faults end with it.
    pub(crate) fn cut(&mut self) -> Vec<T> {
        self.heal();
        self.queue.drain(..).map(|(_, item)| item).collect()
    }

    pub(crate) fn heal(&mut self) {
        self.delay = 0;
        self.is_stalled = false;
        self.is_void = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_arrive_late_and_in_their_order() {
        let mut lane = Lane::new(10);
        assert_eq!(lane.send(0, 5, 'a'), Some(15));
        assert_eq!(lane.send(1, 0, 'b'), None, "behind the first");
        assert_eq!(lane.arrive(14), None);
        assert_eq!((lane.arrive(15), lane.next()), (Some('a'), Some(15)));
        assert_eq!(lane.arrive(15), Some('b'));
    }

    #[test]
    fn a_stalled_lane_keeps_and_a_void_one_loses() {
        let mut lane = Lane::new(1);
        lane.is_stalled = true;
        assert_eq!(lane.send(0, 0, 'a'), None);
        assert_eq!((lane.arrive(9), lane.next()), (None, None));
        lane.is_void = true;
        lane.send(0, 0, 'b');
        assert_eq!(lane.cut(), ['a']);
    }
}
