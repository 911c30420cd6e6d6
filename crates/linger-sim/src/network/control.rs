//! DEALER and ROUTER, and the connection between them.

use super::Lane;
use crate::schedule::Time;
use bytes::Bytes;
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct ControlLink {
    pub(crate) is_up: bool,
    subscriber: usize,
    connections: u32,
    /// The routing id of the connection there is, or of the last one there was.
    pub(crate) route: Bytes,
    /// What DEALER holds while there is no connection.
    waiting: VecDeque<Bytes>,
    pub(crate) up: Lane<Bytes>,
    pub(crate) down: Lane<Bytes>,
    /// What DEALER holds for its reader.
    pub(crate) inbox: VecDeque<Bytes>,
    /// What connections that are over still have for ROUTER, each with its route.
    pub(crate) late: VecDeque<(Bytes, Bytes)>,
}

impl ControlLink {
    pub(crate) fn new(subscriber: usize, latency: Time) -> Self {
        Self {
            is_up: false,
            subscriber,
            connections: 0,
            route: Bytes::new(),
            waiting: VecDeque::new(),
            up: Lane::new(latency),
            down: Lane::new(latency),
            inbox: VecDeque::new(),
            late: VecDeque::new(),
        }
    }

    /// Whose connection a route belongs to, or belonged to.
    pub(crate) fn owner(route: &[u8]) -> Option<usize> {
        let owner = route.get(1..3)?.try_into().ok()?;
        (route.first() == Some(&0)).then(|| usize::from(u16::from_be_bytes(owner)))
    }

    /// A new connection, with a new route; DEALER sends what it held.
    pub(crate) fn connect(&mut self, now: Time) -> Option<Time> {
        self.is_up = true;
        self.connections += 1;
        let mut route = vec![0];
        route.extend_from_slice(&(self.subscriber as u64).to_be_bytes()[6..]);
        route.extend_from_slice(&self.connections.to_be_bytes());
        self.route = route.into();
        let mut first = None;
        for frame in self.waiting.drain(..) {
            first = first.or(self.up.send(now, 0, frame));
        }
        first
    }

    /// The connection is over. What was in flight to the publisher is handed back: it is lost, or
    /// comes late.
    pub(crate) fn cut(&mut self) -> Vec<Bytes> {
        self.is_up = false;
        self.down.cut();
        self.up.cut()
    }

    /// DEALER sends; false if it takes nothing.
    pub(crate) fn say(
        &mut self,
        now: Time,
        jitter: Time,
        hwm: usize,
        frame: &Bytes,
    ) -> (bool, Option<Time>) {
        if !self.is_up {
            let takes = self.waiting.len() < hwm;
            if takes {
                self.waiting.push_back(frame.clone());
            }
            return (takes, None);
        }
        // What the kernel has taken is DEALER's no more; it takes nothing while all stands still.
        if self.up.is_stalled && self.up.len() >= hwm {
            return (false, None);
        }
        (true, self.up.send(now, jitter, frame.clone()))
    }

    /// ROUTER sends, without waiting; `None` if it refuses.
    pub(crate) fn tell(
        &mut self,
        now: Time,
        jitter: Time,
        hwm: usize,
        route: &[u8],
        frame: Bytes,
    ) -> Option<Option<Time>> {
        if !self.is_up || self.route != route || self.down.len() >= hwm {
            return None;
        }
        Some(self.down.send(now, jitter, frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dealer_holds_up_to_its_mark_and_sends_it_to_who_comes_next() {
        let mut link = ControlLink::new(300, 1);
        let frame = Bytes::from_static(b"f");
        assert_eq!(link.say(0, 0, 1, &frame), (true, None));
        assert_eq!(link.say(0, 0, 1, &frame), (false, None));
        assert_eq!(link.connect(5), Some(6));
        assert_eq!(ControlLink::owner(&link.route), Some(300));
        assert_eq!(link.up.arrive(6), Some(frame));
    }

    #[test]
    fn router_refuses_a_route_that_is_over() {
        let mut link = ControlLink::new(1, 1);
        link.connect(0);
        let (old, frame) = (link.route.clone(), Bytes::from_static(b"f"));
        assert_eq!(link.tell(0, 0, 1, &old, frame.clone()), Some(Some(1)));
        assert_eq!(link.tell(0, 0, 1, &old, frame.clone()), None, "full");
        link.cut();
        link.connect(0);
        assert_eq!(link.tell(0, 0, 1, &old, frame), None);
    }
}
