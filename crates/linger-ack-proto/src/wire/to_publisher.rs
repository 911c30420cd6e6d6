//! What a subscriber says, over DEALER.

use super::header::Header;
use super::reader::{Reader, WireError, put_list, put_short_bytes};
use crate::id::{Level, Nonce};
use crate::secret::Secret;
use crate::topic::check_prefix;
use bytes::Bytes;
use std::fmt;

const HELLO: u8 = 1;
const JOINED: u8 = 2;
const ACK: u8 = 3;
const NACK: u8 = 4;
const BEAT: u8 = 5;
const BYE: u8 = 6;
const SUBSCRIBE: u8 = 7;
const UNSUBSCRIBE: u8 = 8;

/// A frame from a subscriber to its publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToPublisher {
    /// Asks to become a member; said again, with back-off, until WELCOME comes in-band.
    Hello(Hello),
    /// The WELCOME of this number came, whole; said again until MEMBER comes.
    Joined {
        /// The number of the WELCOME.
        welcome: u64,
    },
    /// Both marks of the topics named; cumulative.
    Ack {
        /// With this frame all topics have been named since QUERY, SYNC or END asked for it.
        whole: bool,
        /// One entry a topic.
        marks: Vec<Mark>,
    },
    /// These ranges are missing, by evidence that came in-band.
    Nack {
        /// Lowest first within a topic.
        ranges: Vec<TopicRange>,
    },
    /// The subscriber lives.
    Beat,
    /// The subscriber leaves; the marks are final and stand for all its topics. If it is not a
    /// member yet, it takes its HELLO back, and the marks count for nothing.
    Bye {
        /// One entry a topic.
        marks: Vec<Mark>,
    },
    /// Asks for more prefixes; said again until GRANTED, REFUSED or CLOSING comes.
    Subscribe(Change),
    /// Asks to be owed nothing more of these prefixes; said again until RELEASED comes.
    Unsubscribe(Change),
}

/// A change of what a member subscribes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Counts the changes of a session, from 1; one is asked for at a time.
    pub number: u64,
    /// The prefixes that come or go; at least one.
    pub prefixes: Vec<Bytes>,
}

/// The body of HELLO.
#[derive(Clone, PartialEq, Eq)]
pub struct Hello {
    /// Names the private topic that WELCOME is to be sent on.
    pub nonce: Nonce,
    /// What this subscriber's acknowledgements assert.
    pub level: Level,
    /// The member's name: 1 to 255 bytes of UTF-8.
    pub name: String,
    /// For an authorizer; may be empty.
    pub credentials: Bytes,
    /// The prefixes that are subscribed to; an empty one stands for all topics.
    pub prefixes: Vec<Bytes>,
}

/// How far a subscriber has come in one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The topic's number.
    pub number: u32,
    /// Everything up to here is in the subscriber's hands, in order.
    pub received: u64,
    /// Everything up to here was acknowledged by the application; at most `received`.
    pub processed: u64,
}

/// Sequences of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicRange {
    /// The topic's number.
    pub number: u32,
    /// The lowest sequence.
    pub first: u64,
    /// The highest sequence.
    pub last: u64,
}

/// Credentials stay out of logs.
impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            nonce,
            level,
            name,
            credentials,
            prefixes,
        } = self;
        f.debug_struct("Hello")
            .field("nonce", nonce)
            .field("level", level)
            .field("name", name)
            .field("credentials", &Secret(credentials.clone()))
            .field("prefixes", prefixes)
            .finish()
    }
}

impl ToPublisher {
    /// Whether a frame says of itself that it is HELLO or SUBSCRIBE, which an authorizer judges.
    #[must_use]
    pub fn may_ask(frame: &[u8]) -> bool {
        matches!(frame.get(3), Some(&(HELLO | SUBSCRIBE)))
    }

    /// The frame's bytes. `serial` grows by one with each frame of a session.
    #[must_use]
    pub fn encode(&self, header: &Header, serial: u64) -> Bytes {
        let mut out = Vec::with_capacity(64);
        let kind = match self {
            Self::Hello(_) => HELLO,
            Self::Joined { .. } => JOINED,
            Self::Ack { .. } => ACK,
            Self::Nack { .. } => NACK,
            Self::Beat => BEAT,
            Self::Bye { .. } => BYE,
            Self::Subscribe(_) => SUBSCRIBE,
            Self::Unsubscribe(_) => UNSUBSCRIBE,
        };
        header.write(kind, &mut out);
        out.extend_from_slice(&serial.to_be_bytes());
        match self {
            Self::Hello(hello) => hello.write(&mut out),
            Self::Joined { welcome } => out.extend_from_slice(&welcome.to_be_bytes()),
            Self::Ack { whole, marks } => {
                out.push(u8::from(*whole));
                put_list(&mut out, marks, Mark::write);
            }
            Self::Bye { marks } => put_list(&mut out, marks, Mark::write),
            Self::Nack { ranges } => put_list(&mut out, ranges, TopicRange::write),
            Self::Subscribe(change) | Self::Unsubscribe(change) => change.write(&mut out),
            Self::Beat => {}
        }
        out.into()
    }

    /// Reads a frame: its header, its serial, its body.
    ///
    /// # Errors
    ///
    /// If it is not a whole frame of this version that a subscriber can send.
    pub fn decode(frame: &Bytes) -> Result<(Header, u64, Self), WireError> {
        let mut reader = Reader::new(frame);
        let (header, kind) = Header::read(&mut reader)?;
        let serial = reader.u64("serial")?;
        let body = match kind {
            HELLO => Self::Hello(Hello::read(&mut reader)?),
            JOINED => Self::Joined {
                welcome: reader.u64("welcome")?,
            },
            ACK => Self::Ack {
                whole: reader.bool("whole")?,
                marks: reader.list("marks", Mark::LEN, Mark::read)?,
            },
            NACK => Self::Nack {
                ranges: reader.list("ranges", TopicRange::LEN, TopicRange::read)?,
            },
            BEAT => Self::Beat,
            BYE => Self::Bye {
                marks: reader.list("marks", Mark::LEN, Mark::read)?,
            },
            SUBSCRIBE => Self::Subscribe(Change::read(&mut reader)?),
            UNSUBSCRIBE => Self::Unsubscribe(Change::read(&mut reader)?),
            found => return Err(WireError::Kind { found }),
        };
        reader.end()?;
        Ok((header, serial, body))
    }
}

impl Hello {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.nonce.as_bytes());
        out.push(match self.level {
            Level::Received => 1,
            Level::Processed => 2,
        });
        put_short_bytes(out, self.name.as_bytes());
        put_short_bytes(out, &self.credentials);
        write_prefixes(out, &self.prefixes);
    }

    fn read(reader: &mut Reader) -> Result<Self, WireError> {
        let nonce = Nonce::from_bytes(reader.array("nonce")?);
        let level = match reader.u8("level")? {
            1 => Level::Received,
            2 => Level::Processed,
            _ => return Err(WireError::Value { field: "level" }),
        };
        let name = reader.short_bytes("name")?;
        let name = std::str::from_utf8(&name).map_err(|_| WireError::Value { field: "name" })?;
        if name.is_empty() || name.len() > 255 {
            return Err(WireError::Value { field: "name" });
        }
        let name = name.to_owned();
        let credentials = reader.short_bytes("credentials")?;
        let prefixes = read_prefixes(reader)?;
        Ok(Self {
            nonce,
            level,
            name,
            credentials,
            prefixes,
        })
    }
}

impl Change {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_be_bytes());
        write_prefixes(out, &self.prefixes);
    }

    fn read(reader: &mut Reader) -> Result<Self, WireError> {
        let number = reader.u64("change")?;
        let prefixes = read_prefixes(reader)?;
        if number == 0 {
            return Err(WireError::Value { field: "change" });
        }
        if prefixes.is_empty() {
            return Err(WireError::Value { field: "prefixes" });
        }
        Ok(Self { number, prefixes })
    }
}

fn write_prefixes(out: &mut Vec<u8>, prefixes: &[Bytes]) {
    put_list(out, prefixes, |out, prefix| put_short_bytes(out, prefix));
}

fn read_prefixes(reader: &mut Reader) -> Result<Vec<Bytes>, WireError> {
    reader.list("prefixes", 2, |reader| {
        let prefix = reader.short_bytes("prefix")?;
        check_prefix(&prefix)?;
        Ok(prefix)
    })
}

impl Mark {
    const LEN: usize = 20;

    fn write(out: &mut Vec<u8>, mark: &Self) {
        out.extend_from_slice(&mark.number.to_be_bytes());
        out.extend_from_slice(&mark.received.to_be_bytes());
        out.extend_from_slice(&mark.processed.to_be_bytes());
    }

    fn read(reader: &mut Reader) -> Result<Self, WireError> {
        let mark = Self {
            number: reader.u32("number")?,
            received: reader.u64("received")?,
            processed: reader.u64("processed")?,
        };
        if mark.processed > mark.received {
            return Err(WireError::Value { field: "processed" });
        }
        Ok(mark)
    }
}

impl TopicRange {
    pub(super) const LEN: usize = 20;

    pub(super) fn write(out: &mut Vec<u8>, range: &Self) {
        out.extend_from_slice(&range.number.to_be_bytes());
        out.extend_from_slice(&range.first.to_be_bytes());
        out.extend_from_slice(&range.last.to_be_bytes());
    }

    pub(super) fn read(reader: &mut Reader) -> Result<Self, WireError> {
        let range = Self {
            number: reader.u32("number")?,
            first: reader.sequence("first")?,
            last: reader.sequence("last")?,
        };
        if range.last < range.first {
            return Err(WireError::Value { field: "last" });
        }
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, SessionId};

    fn samples() -> Vec<ToPublisher> {
        let marks = vec![
            Mark {
                number: 1,
                received: 9,
                processed: 4,
            },
            Mark {
                number: 2,
                received: 0,
                processed: 0,
            },
        ];
        vec![
            ToPublisher::Hello(Hello {
                nonce: Nonce::from_u128(5),
                level: Level::Processed,
                name: "risk-1".into(),
                credentials: Bytes::from_static(b"secret"),
                prefixes: vec![Bytes::from_static(b"EUR"), Bytes::new()],
            }),
            ToPublisher::Joined { welcome: 3 },
            ToPublisher::Ack {
                whole: true,
                marks: marks.clone(),
            },
            ToPublisher::Nack {
                ranges: vec![TopicRange {
                    number: 1,
                    first: 2,
                    last: 3,
                }],
            },
            ToPublisher::Beat,
            ToPublisher::Bye { marks },
            ToPublisher::Subscribe(Change {
                number: 1,
                prefixes: vec![Bytes::from_static(b"USD")],
            }),
            ToPublisher::Unsubscribe(Change {
                number: 2,
                prefixes: vec![Bytes::from_static(b"EUR"), Bytes::new()],
            }),
        ]
    }

    #[test]
    fn every_frame_reads_back_and_no_cut_of_it_does() {
        let header = Header {
            epoch: Epoch::from_u128(1),
            session: SessionId::from_u128(2),
        };
        for body in samples() {
            let frame = body.encode(&header, 77);
            assert_eq!(ToPublisher::decode(&frame), Ok((header, 77, body.clone())));
            for cut in 0..frame.len() {
                let result = ToPublisher::decode(&frame.slice(..cut));
                assert!(result.is_err(), "{body:?} cut at {cut}");
            }
            let mut long = frame.to_vec();
            long.push(0);
            assert_eq!(
                ToPublisher::decode(&long.into()),
                Err(WireError::Long { extra: 1 })
            );
        }
    }

    #[test]
    fn a_count_beyond_the_frame_is_refused_before_it_is_believed() {
        let header = Header {
            epoch: Epoch::UNKNOWN,
            session: SessionId::from_u128(2),
        };
        let mut frame = ToPublisher::Ack {
            whole: false,
            marks: vec![],
        }
        .encode(&header, 0)
        .to_vec();
        let at = frame.len() - 4;
        frame[at..].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(
            ToPublisher::decode(&frame.into()),
            Err(WireError::Short { field: "marks" })
        );
    }

    #[test]
    fn a_processed_mark_above_the_received_one_is_refused() {
        let header = Header {
            epoch: Epoch::UNKNOWN,
            session: SessionId::from_u128(2),
        };
        let marks = vec![Mark {
            number: 1,
            received: 1,
            processed: 2,
        }];
        let frame = ToPublisher::Ack {
            whole: false,
            marks,
        }
        .encode(&header, 0);
        assert_eq!(
            ToPublisher::decode(&frame),
            Err(WireError::Value { field: "processed" })
        );
    }

    #[test]
    fn a_change_has_a_number_and_something_to_change() {
        let header = Header {
            epoch: Epoch::UNKNOWN,
            session: SessionId::from_u128(2),
        };
        let prefix = Bytes::from_static(b"A");
        for (number, prefixes, field) in [(0, vec![prefix], "change"), (1, vec![], "prefixes")] {
            let change = Change { number, prefixes };
            let frame = ToPublisher::Subscribe(change).encode(&header, 1);
            let error = ToPublisher::decode(&frame);
            assert_eq!(error, Err(WireError::Value { field }));
        }
    }

    #[test]
    fn another_version_is_named() {
        let header = Header {
            epoch: Epoch::UNKNOWN,
            session: SessionId::from_u128(2),
        };
        let mut frame = ToPublisher::Beat.encode(&header, 0).to_vec();
        frame[2] = 9;
        assert_eq!(
            ToPublisher::decode(&frame.into()),
            Err(WireError::Version { found: 9 })
        );
    }
}
