//! What parent and children say to each other: JSON lines up, single words down.

use std::collections::BTreeMap;
use std::io::Write;

use serde::{Deserialize, Serialize};

/// A line that a child writes to its stdout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The publisher listens here.
    Bound { endpoints: Vec<String> },
    /// The subscriber gets what is published.
    Ready,
    /// How far the publisher has come; `over`: there are no more lines.
    Sent {
        accepted: u64,
        refused: u64,
        over: bool,
    },
    /// What the subscriber has processed since it last said so: first and last of each run.
    Processed { runs: Vec<(u64, u64)> },
    /// The publisher has nothing more to say: what it accepted, and what it knew of it.
    Stopped {
        accepted: u64,
        refused: u64,
        known: Known,
    },
    /// The subscriber has processed all that it will.
    Done,
}

impl Event {
    /// Writes it to stdout, for the parent. A parent that has gone needs no news.
    pub(crate) fn tell(&self) {
        // What these events are made of always has a JSON form.
        if let Ok(mut line) = serde_json::to_string(self) {
            line.push('\n');
            let mut stdout = std::io::stdout().lock();
            let _ = stdout
                .write_all(line.as_bytes())
                .and_then(|()| stdout.flush());
        }
    }
}

/// What the publisher knew of what it had accepted, when it ended: the `report` of the JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// In a few words, of all subscribers together.
    pub(crate) knew: String,
    /// In a few words, of each that it knew by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) subscribers: BTreeMap<String, String>,
    /// Whatever else the way can tell.
    #[serde(flatten)]
    pub(crate) more: serde_json::Map<String, serde_json::Value>,
}

impl Known {
    /// What a publisher knows whom nobody answers.
    pub(crate) fn nothing() -> Self {
        Self {
            knew: "nothing".to_owned(),
            ..Self::default()
        }
    }

    /// What it knew of one subscriber.
    pub(crate) fn of(&self, subscriber: &str) -> &str {
        self.subscribers.get(subscriber).unwrap_or(&self.knew)
    }
}

/// To the publisher: all subscribers are there, begin.
pub(crate) const START: &str = "start";
/// To a subscriber: the publisher's process has ended.
pub(crate) const GONE: &str = "gone";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_the_pipe() {
        let mut known = Known::nothing();
        known
            .subscribers
            .insert("slow".to_owned(), "behind by 7".to_owned());
        known.more.insert("deadline".to_owned(), true.into());
        for event in [
            Event::Bound {
                endpoints: vec!["tcp://127.0.0.1:1".to_owned()],
            },
            Event::Ready,
            Event::Sent {
                accepted: 1,
                refused: 2,
                over: true,
            },
            Event::Processed {
                runs: vec![(0, 4), (9, 9)],
            },
            Event::Stopped {
                accepted: 1,
                refused: 0,
                known,
            },
            Event::Done,
        ] {
            let line = serde_json::to_string(&event).unwrap();
            assert_eq!(
                serde_json::from_str::<Event>(&line).unwrap(),
                event,
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_known_of_one_stands_before_what_is_known_of_all() {
        let mut known = Known {
            knew: "not all".to_owned(),
            ..Known::default()
        };
        known
            .subscribers
            .insert("fast".to_owned(), "all".to_owned());
        assert_eq!((known.of("fast"), known.of("slow")), ("all", "not all"));
    }

    #[test]
    fn knowing_nothing_is_one_word_of_json() {
        assert_eq!(
            serde_json::to_string(&Known::nothing()).unwrap(),
            r#"{"knew":"nothing"}"#
        );
    }
}
