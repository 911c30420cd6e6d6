//! What the parent knows of a run so far, by what its children told.

use super::plan::{SUBSCRIBERS, Subscriber};
use crate::outcome::{Loss, NeverAccepted, RangeSet, Share};
use crate::wire::{Event, Known};

/// Who told something: the publisher, or a subscriber by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Publisher,
    Subscriber(usize),
}

impl Who {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Subscriber(at) => SUBSCRIBERS[at].name,
        }
    }
}

/// Everything that was told.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) endpoints: Option<Vec<String>>,
    pub(super) accepted: u64,
    pub(super) refused: u64,
    /// There are no more lines.
    pub(super) over: bool,
    pub(super) stopped: Option<Known>,
    pub(super) publisher_ended: bool,
    pub(super) subscribers: [Seen; SUBSCRIBERS.len()],
}

/// What one subscriber told.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) ready: bool,
    /// It has processed all that it will.
    pub(super) done: bool,
    /// Its output has ended.
    pub(super) ended: bool,
    pub(super) killed: bool,
    processed: RangeSet,
    twice: u64,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            endpoints: None,
            accepted: 0,
            refused: 0,
            over: false,
            stopped: None,
            publisher_ended: false,
            subscribers: SUBSCRIBERS.map(|_| Seen::default()),
        }
    }

    pub(super) fn hear(&mut self, who: Who, event: Event) {
        match (who, event) {
            (Who::Publisher, Event::Bound { endpoints }) => self.endpoints = Some(endpoints),
            (
                Who::Publisher,
                Event::Sent {
                    accepted,
                    refused,
                    over,
                },
            ) => {
                (self.accepted, self.refused, self.over) = (accepted, refused, over);
            }
            (
                Who::Publisher,
                Event::Stopped {
                    accepted,
                    refused,
                    known,
                },
            ) => {
                (self.accepted, self.refused) = (accepted, refused);
                self.stopped = Some(known);
            }
            (Who::Subscriber(at), Event::Ready) => self.subscribers[at].ready = true,
            (Who::Subscriber(at), Event::Done) => self.subscribers[at].done = true,
            (Who::Subscriber(at), Event::Processed { runs }) => {
                let seen = &mut self.subscribers[at];
                for (first, last) in runs {
                    seen.twice += seen.processed.insert(first, last);
                }
            }
            // Roles say only what is theirs to say.
            (Who::Publisher, Event::Ready | Event::Processed { .. } | Event::Done)
            | (
                Who::Subscriber(_),
                Event::Bound { .. } | Event::Sent { .. } | Event::Stopped { .. },
            ) => {}
        }
    }

    pub(super) fn ended(&mut self, who: Who) {
        match who {
            Who::Publisher => self.publisher_ended = true,
            Who::Subscriber(at) => self.subscribers[at].ended = true,
        }
    }

    /// How many lines the publisher has read.
    pub(super) const fn read(&self) -> u64 {
        self.accepted + self.refused
    }

    /// Who ended without having said that all is done, and was not killed.
    pub(super) fn ended_too_early(&self) -> Option<Who> {
        if self.publisher_ended && self.stopped.is_none() {
            return Some(Who::Publisher);
        }
        let early = |seen: &Seen| seen.ended && !seen.done && !seen.killed;
        self.subscribers.iter().position(early).map(Who::Subscriber)
    }

    /// What came of each subscriber, once everybody has ended.
    pub(super) fn shares(&self) -> Result<Vec<Share>, (&'static str, NeverAccepted)> {
        let share = |(seen, subscriber): (&Seen, &Subscriber)| {
            let loss = Loss::of(self.accepted, &seen.processed)
                .map_err(|wrong| (subscriber.name, wrong))?;
            Ok(Share {
                name: subscriber.name,
                killed: seen.killed,
                twice: seen.twice,
                loss,
            })
        };
        self.subscribers
            .iter()
            .zip(&SUBSCRIBERS)
            .map(share)
            .collect()
    }

    /// How far everybody has come.
    pub(super) fn progress(&self) -> String {
        let mut text = format!("accepted {:>7}, processed:", self.accepted);
        for (seen, subscriber) in self.subscribers.iter().zip(&SUBSCRIBERS) {
            text.push_str(&format!(" {} {:>7}", subscriber.name, seen.processed.len()));
            if seen.killed {
                text.push_str(" (killed)");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_adds_up() {
        let mut watch = Watch::new();
        watch.hear(
            Who::Publisher,
            Event::Sent {
                accepted: 10,
                refused: 2,
                over: false,
            },
        );
        assert_eq!(watch.read(), 12);
        watch.hear(
            Who::Subscriber(1),
            Event::Processed {
                runs: vec![(0, 4), (4, 6)],
            },
        );
        watch.hear(Who::Subscriber(1), Event::Processed { runs: vec![(9, 9)] });
        let known = Known::nothing();
        watch.hear(
            Who::Publisher,
            Event::Stopped {
                accepted: 12,
                refused: 2,
                known,
            },
        );
        let share = watch.shares().unwrap()[1].clone();
        assert_eq!((share.name, share.twice), ("slow", 1));
        let loss = Loss {
            processed: 8,
            before_signal: 2,
            after_signal: 2,
        };
        assert_eq!(share.loss, loss);
    }

    #[test]
    fn an_end_before_the_last_word_is_too_early() {
        let mut watch = Watch::new();
        assert_eq!(watch.ended_too_early(), None);
        watch.ended(Who::Subscriber(2));
        assert_eq!(watch.ended_too_early(), Some(Who::Subscriber(2)));
        watch.subscribers[2].killed = true;
        assert_eq!(watch.ended_too_early(), None);
        watch.ended(Who::Publisher);
        assert_eq!(watch.ended_too_early(), Some(Who::Publisher));
        watch.stopped = Some(Known::nothing());
        assert_eq!(watch.ended_too_early(), None);
    }

    #[test]
    fn an_account_that_cannot_be_names_its_subscriber() {
        let mut watch = Watch::new();
        watch.hear(Who::Subscriber(0), Event::Processed { runs: vec![(0, 0)] });
        assert_eq!(watch.shares().unwrap_err().0, "fast");
    }
}
