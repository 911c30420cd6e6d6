//! The publisher's side that is the same in every way: the stream of messages, and its account.

use std::time::{Duration, Instant};

use super::RoleError;
use super::halt::Halting;
use super::orders::Orders;
use super::pace::Pace;
use crate::args::PublisherOptions;
use crate::input::{self, Line, Lines};
use crate::wire::{Event, Known};

/// A halt is waited for in steps of this, once there are no more lines.
const AFTER_THE_END: Duration = Duration::from_secs(3_600);

/// Within a burst the parent is told after so many lines: its signal can come in mid-burst.
const TELL_EVERY: u64 = 500;

pub(crate) fn main(options: &PublisherOptions) -> Result<(), RoleError> {
    let mut stream = Stream {
        orders: Orders::listen()?,
        lines: Lines::open(options.input.as_deref())?,
        total: options.lines,
        pace: None,
        phase: Phase::Running,
        accepted: 0,
        refused: 0,
        told: None,
        tell: Event::tell,
    };
    options.way.publish(&mut stream)
}

/// The messages to publish, at the pace of the input, until the halt.
pub(crate) struct Stream {
    orders: Orders,
    lines: Lines,
    total: u64,
    /// Begins with the first message that is asked for.
    pace: Option<Pace>,
    phase: Phase,
    accepted: u64,
    refused: u64,
    told: Option<Event>,
    tell: fn(&Event),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// The halt has come: what had arrived by then is the last.
    Halting,
    /// There are no more lines.
    Over,
}

/// A line as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    topic: Vec<u8>,
    payload: Vec<u8>,
}

impl Message {
    pub(crate) fn topic(&self) -> &[u8] {
        &self.topic
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }
}

impl Stream {
    /// Tells the parent where subscribers connect.
    pub(crate) fn bound(&self, endpoints: Vec<String>) {
        (self.tell)(&Event::Bound { endpoints });
    }

    /// Waits until all subscribers are there, at most that long; true once they are.
    pub(crate) fn wait_for_start(&self, limit: Duration) -> bool {
        self.orders.wait_for_start(limit)
    }

    /// The next message, when its time has come; none after the halt.
    ///
    /// What had arrived by the halt is still handed out: a service that is told to stop finishes
    /// what it has in hand. After the last line this waits for the halt.
    pub(crate) fn next(&mut self, halt: &impl Halting) -> Result<Option<Message>, RoleError> {
        loop {
            while self.pace().has_line() && self.phase != Phase::Over {
                let Some(line) = self.lines.next()? else {
                    self.phase = Phase::Over;
                    break;
                };
                let length = match line {
                    Line::Whole(line) => line.len(),
                    Line::TooLong => input::MAX_LINE,
                };
                let message = message(self.accepted, line);
                self.pace().take(length);
                if (self.accepted + self.refused) % TELL_EVERY == 0 {
                    self.tell();
                }
                match message {
                    Some(message) => return Ok(Some(message)),
                    None => self.refused += 1,
                }
            }
            self.tell();
            match self.phase {
                Phase::Halting => return Ok(None),
                Phase::Over => {
                    while !halt.wait_until(Instant::now() + AFTER_THE_END) {}
                    return Ok(None);
                }
                Phase::Running => {
                    let next = self.pace().next();
                    if halt.wait_until(next) {
                        self.phase = Phase::Halting;
                    }
                    self.pace().count(Instant::now());
                }
            }
        }
    }

    fn pace(&mut self) -> &mut Pace {
        let total = self.total;
        self.pace
            .get_or_insert_with(|| Pace::of(total, Instant::now()))
    }

    /// Counts the message that came last as accepted; the next one has the next index.
    pub(crate) fn accepted(&mut self) {
        self.accepted += 1;
    }

    /// Tells the parent how far it has come, where that is news.
    fn tell(&mut self) {
        let (accepted, refused) = (self.accepted, self.refused);
        let event = Event::Sent {
            accepted,
            refused,
            over: self.phase == Phase::Over,
        };
        if self.told.as_ref() != Some(&event) {
            (self.tell)(&event);
            self.told = Some(event);
        }
    }

    /// Tells the parent the final account, and what the way knows of it.
    pub(crate) fn stopped(&self, known: Known) {
        Event::Stopped {
            accepted: self.accepted,
            refused: self.refused,
            known,
        }
        .tell();
    }
}

fn message(index: u64, line: Line<'_>) -> Option<Message> {
    let Line::Whole(line) = line else { return None };
    let topic = input::topic_of(line).ok()?;
    Some(Message {
        topic: topic.to_owned(),
        payload: input::payload(index, line),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A halt that is there from the start, or comes at the first wait.
    struct AtOnce;

    impl Halting for AtOnce {
        fn wait_until(&self, _instant: Instant) -> bool {
            true
        }
    }

    #[test]
    fn a_line_becomes_topic_index_and_line() {
        let made = message(3, Line::Whole(b"EURUSD,1.08")).unwrap();
        assert_eq!(made.topic(), b"EURUSD");
        assert_eq!(
            input::index_of(made.payload()),
            Some((3, &b"EURUSD,1.08"[..]))
        );
        assert_eq!(message(3, Line::Whole(b",1.08")), None);
        assert_eq!(message(3, Line::TooLong), None);
    }

    #[test]
    fn the_halt_lets_pass_what_had_arrived_and_ends_the_stream() {
        let begun = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        let mut stream = Stream {
            orders: Orders::default(),
            lines: Lines::open(None).unwrap(),
            total: 100_000,
            pace: Some(Pace::of(100_000, begun)),
            phase: Phase::Running,
            accepted: 0,
            refused: 0,
            told: None,
            tell: |_| {},
        };
        let mut topics = Vec::new();
        while let Some(message) = stream.next(&AtOnce).unwrap() {
            assert_eq!(
                input::index_of(message.payload()).unwrap().0,
                stream.accepted
            );
            topics.push(message.topic().to_owned());
            stream.accepted();
        }
        // What may be caught up at once, and not the rest of the second.
        assert!((5_900..=6_000).contains(&topics.len()), "{}", topics.len());
        assert_eq!(stream.next(&AtOnce).unwrap(), None);
    }
}
