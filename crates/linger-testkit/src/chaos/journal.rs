//! What a process of a chaos run writes down, so that it outlives the process.
//!
//! A journal is a file of records of [`RECORD`] bytes each, lines of text:
//!
//! ```text
//! M 001 03 0000000042 00000000507
//! ```
//!
//! A kind, a life of the publisher, a topic, and two numbers. Files are only appended to. A process
//! that is killed in the middle of a write leaves whole pages of it, and so whole records, since a
//! page holds a whole number of them: a torn record is never the fault of a signal.

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// The bytes of a record, its newline included; a page is a multiple of it.
pub const RECORD: usize = 32;

/// A message, by its place and by what its payload says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// The life of the publisher, from 1.
    pub life: u16,
    /// The topic, from 0.
    pub topic: u16,
    /// Its sequence in the topic.
    pub sequence: u64,
    /// Its number in the life, from 0.
    pub number: u64,
}

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// A publisher: all that it published up to now has a number below this.
    Intended {
        /// Its life.
        life: u16,
        /// Where the numbers end.
        below: u64,
    },
    /// A publisher: this was accepted.
    Accepted(Message),
    /// A publisher: it knows so many messages to be acknowledged by the present session of a member.
    Claimed {
        /// Its life.
        life: u16,
        /// The member's place among the members.
        member: u16,
        /// How many messages.
        acked: u64,
    },
    /// A subscriber: this is processed, and not acknowledged yet.
    Processed(Message),
    /// A subscriber: so many records of what is processed stand above, all of it acknowledged.
    Acked {
        /// How many.
        count: u64,
    },
    /// A subscriber: these can't be had any more.
    Gone {
        /// The topic.
        topic: u16,
        /// The first sequence.
        first: u64,
        /// The last sequence.
        last: u64,
    },
    /// A subscriber: this came with a payload that nobody published.
    Corrupt {
        /// The topic.
        topic: u16,
        /// The sequence.
        sequence: u64,
    },
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, life, topic, one, other) = match *self {
            Self::Intended { life, below } => ('I', life, 0, 0, below),
            Self::Accepted(m) => ('A', m.life, m.topic, m.sequence, m.number),
            Self::Claimed {
                life,
                member,
                acked,
            } => ('C', life, member, 0, acked),
            Self::Processed(m) => ('M', m.life, m.topic, m.sequence, m.number),
            Self::Acked { count } => ('K', 0, 0, 0, count),
            Self::Gone { topic, first, last } => ('G', 0, topic, first, last),
            Self::Corrupt { topic, sequence } => ('X', 0, topic, sequence, 0),
        };
        writeln!(f, "{kind} {life:03} {topic:02} {one:010} {other:011}")
    }
}

impl Entry {
    /// Reads a record; `None` if it is none.
    #[must_use]
    pub fn parse(record: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(record).ok()?.strip_suffix('\n')?;
        if record.len() != RECORD {
            return None;
        }
        let mut words = line.split(' ');
        let kind = words.next()?;
        let life = number(words.next()?, 3)?.try_into().ok()?;
        let topic = number(words.next()?, 2)?.try_into().ok()?;
        let (one, other) = (number(words.next()?, 10)?, number(words.next()?, 11)?);
        let message = Message {
            life,
            topic,
            sequence: one,
            number: other,
        };
        let entry = match kind {
            "I" => Self::Intended { life, below: other },
            "A" => Self::Accepted(message),
            "C" => Self::Claimed {
                life,
                member: topic,
                acked: other,
            },
            "M" => Self::Processed(message),
            "K" => Self::Acked { count: other },
            "G" => Self::Gone {
                topic,
                first: one,
                last: other,
            },
            "X" => Self::Corrupt {
                topic,
                sequence: one,
            },
            _ => return None,
        };
        words.next().is_none().then_some(entry)
    }
}

fn number(word: &str, digits: usize) -> Option<u64> {
    let is_number = word.len() == digits && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| word.parse().ok())?
}

/// The records of a journal, and where it is torn, if it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) entries: Vec<Entry>,
    /// The first byte of the first record that is none.
    pub(super) torn: Option<usize>,
}

pub(super) fn read(bytes: &[u8]) -> Read {
    let mut entries = Vec::with_capacity(bytes.len() / RECORD);
    for (at, record) in bytes.chunks(RECORD).enumerate() {
        match Entry::parse(record) {
            Some(entry) => entries.push(entry),
            None => {
                let torn = Some(at * RECORD);
                return Read { entries, torn };
            }
        }
    }
    Read {
        entries,
        torn: None,
    }
}

/// A journal that is being written.
#[derive(Debug)]
#[must_use]
pub struct Journal {
    /// `None`: nobody reads it.
    file: Option<File>,
    waiting: Vec<u8>,
}

impl Journal {
    /// Begins it.
    ///
    /// # Errors
    ///
    /// What the operating system says; also if the file is there already.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().append(true).create_new(true).open(path)?;
        Ok(Self {
            file: Some(file),
            waiting: Vec::new(),
        })
    }

    /// Keeps nothing.
    pub const fn none() -> Self {
        Self {
            file: None,
            waiting: Vec::new(),
        }
    }

    /// Takes a record for the next [`write`](Self::write).
    ///
    /// # Errors
    ///
    /// If a number is too large for its place.
    pub fn note(&mut self, entry: Entry) -> io::Result<()> {
        if self.file.is_none() {
            return Ok(());
        }
        let before = self.waiting.len();
        write!(self.waiting, "{entry}")?;
        if self.waiting.len() - before == RECORD {
            return Ok(());
        }
        self.waiting.truncate(before);
        let text = format!("no room in a record for {entry:?}");
        Err(io::Error::new(io::ErrorKind::InvalidInput, text))
    }

    /// How many records wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len() / RECORD
    }

    /// Appends what was noted; then it outlives the process.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn write(&mut self) -> io::Result<()> {
        if let (Some(file), false) = (&mut self.file, self.waiting.is_empty()) {
            file.write_all(&self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: Message = Message {
        life: 2,
        topic: 11,
        sequence: 9_999_999_999,
        number: 507,
    };

    const ALL: [Entry; 7] = [
        Entry::Intended {
            life: 999,
            below: 64,
        },
        Entry::Accepted(MESSAGE),
        Entry::Claimed {
            life: 1,
            member: 3,
            acked: 700,
        },
        Entry::Processed(MESSAGE),
        Entry::Acked { count: 3 },
        Entry::Gone {
            topic: 4,
            first: 1,
            last: 99_999_999_999,
        },
        Entry::Corrupt {
            topic: 4,
            sequence: 17,
        },
    ];

    #[test]
    fn every_record_has_the_same_length_and_reads_as_what_was_written() {
        assert_eq!(4_096 % RECORD, 0);
        for entry in ALL {
            let record = entry.to_string();
            assert_eq!(record.len(), RECORD, "{record}");
            assert_eq!(Entry::parse(record.as_bytes()), Some(entry));
        }
    }

    #[test]
    fn what_is_torn_is_found_at_its_place() {
        let whole: String = ALL.iter().map(Entry::to_string).collect();
        let found = read(whole.as_bytes());
        assert_eq!((&found.entries[..], found.torn), (&ALL[..], None));
        let half = &whole.as_bytes()[..RECORD * 2 + 7];
        assert_eq!(read(half).torn, Some(RECORD * 2));
        let mut holed = whole.clone().into_bytes();
        holed.remove(RECORD * 3 + 5);
        assert_eq!(read(&holed).torn, Some(RECORD * 3));
        let odd = whole.replace("K 000", "Q 000");
        assert_eq!(read(odd.as_bytes()).torn, Some(RECORD * 4));
    }

    #[test]
    fn a_journal_holds_what_was_written_and_begins_anew_never() {
        let path = std::env::temp_dir().join(format!("linger-journal-{}", std::process::id()));
        let mut journal = Journal::create(&path).unwrap();
        assert!(Journal::create(&path).is_err(), "it is there");
        let too_large = Entry::Acked {
            count: 100_000_000_000,
        };
        assert!(journal.note(too_large).is_err());
        for entry in ALL {
            journal.note(entry).unwrap();
        }
        assert_eq!(journal.waiting(), ALL.len());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        journal.write().unwrap();
        assert_eq!(journal.waiting(), 0);
        assert_eq!(read(&std::fs::read(&path).unwrap()).entries, ALL);
        std::fs::remove_file(&path).unwrap();
    }
}
