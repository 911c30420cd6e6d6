//! What a publisher says on a member's private topic, between its data.
//!
//! It travels on the data connection because there it is evidence: what was sent before it has
//! arrived before it, or never will.

use super::header::{HEADER_LEN, Header};
use super::reader::{Reader, WireError, put_list, put_short_bytes};
use crate::id::{Epoch, Nonce, SessionId};
use crate::topic::{PRIVATE, check_topic};
use bytes::Bytes;

const WELCOME: u8 = 129;
const SYNC: u8 = 130;
const END: u8 = 131;
const GRANTED: u8 = 132;
const RELEASED: u8 = 133;

/// Stands where a session would: anyone can read the data connection, and a session is a secret.
/// The nonce tells whom a frame is for.
const NO_SESSION: SessionId = SessionId::from_bytes([0; 16]); // SPEC X4

/// The length of a private topic: 0xFF and the nonce.
pub const PRIVATE_LEN: usize = 17;

/// A frame on a private topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InBand {
    /// Answers HELLO. All parts of one number make one WELCOME.
    Welcome(Welcome),
    /// What has been sent up to here: of each topic named, the next sequence.
    Sync {
        /// The topics that the member is behind in.
        entries: Vec<TopicEntry>,
    },
    /// End of stream: of each topic that is owed, the sequence after its last.
    End {
        /// Which part of the list this is.
        part: Part,
        /// The topics of this part.
        entries: Vec<TopicEntry>,
    },
    /// Answers SUBSCRIBE: the base of each topic that the change added. Others that the new
    /// prefixes match begin at 1.
    Granted(Changed),
    /// Answers UNSUBSCRIBE: of each topic that is owed no more, the sequence after the last that
    /// is.
    Released(Changed),
}

/// The body of GRANTED and of RELEASED.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The number of the change that it answers.
    pub number: u64,
    /// Which part of the list this is.
    pub part: Part,
    /// The topics of this part that the change added or took away.
    pub entries: Vec<TopicEntry>,
}

/// The body of WELCOME.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Its number, to be repeated in JOINED.
    pub number: u64,
    /// Which part of the list this is.
    pub part: Part,
    /// How many messages the publisher's window holds: paces acknowledgements.
    pub window_messages: u32,
    /// How many bytes of payload the publisher's window holds: paces acknowledgements.
    pub window_bytes: u64,
    /// After how many milliseconds of silence a member expires: paces beats.
    pub expiry_ms: u32,
    /// The base of each matching topic: the first sequence that is owed. Others begin at 1.
    pub entries: Vec<TopicEntry>,
}

/// A piece of a long list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which one, from 0.
    pub index: u16,
    /// Of how many; at least 1.
    pub count: u16,
}

/// A topic and a sequence in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicEntry {
    /// The topic's number.
    pub number: u32,
    /// The sequence, from 1; what it means depends on the frame.
    pub sequence: u64,
    /// The topic.
    pub topic: Bytes,
}

/// Whether a frame from the data connection stands on somebody's private topic.
#[must_use]
pub fn is_private(frame: &[u8]) -> bool {
    frame.first() == Some(&PRIVATE)
}

/// Splits a private frame into the nonce that it is for, and what is said.
#[must_use]
pub fn split_private(frame: &Bytes) -> Option<(Nonce, Bytes)> {
    let nonce = frame.get(1..PRIVATE_LEN)?.try_into().ok()?;
    is_private(frame).then(|| (Nonce::from_bytes(nonce), frame.slice(PRIVATE_LEN..)))
}

impl InBand {
    /// The whole frame, private topic included. Its header names no session.
    #[must_use]
    pub fn encode(&self, nonce: &Nonce, epoch: Epoch) -> Bytes {
        let header = Header {
            epoch,
            session: NO_SESSION,
        };
        let mut out = Vec::with_capacity(PRIVATE_LEN + HEADER_LEN + 32);
        out.push(PRIVATE);
        out.extend_from_slice(nonce.as_bytes());
        match self {
            Self::Welcome(welcome) => {
                header.write(WELCOME, &mut out);
                welcome.write(&mut out);
            }
            Self::Sync { entries } => {
                header.write(SYNC, &mut out);
                put_list(&mut out, entries, TopicEntry::write);
            }
            Self::End { part, entries } => {
                header.write(END, &mut out);
                part.write(&mut out);
                put_list(&mut out, entries, TopicEntry::write);
            }
            Self::Granted(changed) => {
                header.write(GRANTED, &mut out);
                changed.write(&mut out);
            }
            Self::Released(changed) => {
                header.write(RELEASED, &mut out);
                changed.write(&mut out);
            }
        }
        out.into()
    }

    /// Reads what [`split_private`] left.
    ///
    /// # Errors
    ///
    /// If it is not a whole frame of this version that can stand on a private topic, or names a
    /// session.
    pub fn decode(body: &Bytes) -> Result<(Epoch, Self), WireError> {
        let mut reader = Reader::new(body);
        let (header, kind) = Header::read(&mut reader)?;
        if header.session != NO_SESSION {
            return Err(WireError::Value { field: "session" });
        }
        let body = match kind {
            WELCOME => Self::Welcome(Welcome::read(&mut reader)?),
            SYNC => Self::Sync {
                entries: TopicEntry::read_list(&mut reader)?,
            },
            END => Self::End {
                part: Part::read(&mut reader)?,
                entries: TopicEntry::read_list(&mut reader)?,
            },
            GRANTED => Self::Granted(Changed::read(&mut reader)?),
            RELEASED => Self::Released(Changed::read(&mut reader)?),
            found => return Err(WireError::Kind { found }),
        };
        reader.end()?;
        Ok((header.epoch, body))
    }
}

impl Welcome {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_be_bytes());
        self.part.write(out);
        out.extend_from_slice(&self.window_messages.to_be_bytes());
        out.extend_from_slice(&self.window_bytes.to_be_bytes());
        out.extend_from_slice(&self.expiry_ms.to_be_bytes());
        put_list(out, &self.entries, TopicEntry::write);
    }

    fn read(reader: &mut Reader) -> Result<Self, WireError> {
        Ok(Self {
            number: reader.u64("welcome")?,
            part: Part::read(reader)?,
            window_messages: reader.u32("window_messages")?,
            window_bytes: reader.u64("window_bytes")?,
            expiry_ms: reader.u32("expiry_ms")?,
            entries: TopicEntry::read_list(reader)?,
        })
    }
}

impl Changed {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_be_bytes());
        self.part.write(out);
        put_list(out, &self.entries, TopicEntry::write);
    }

    fn read(reader: &mut Reader) -> Result<Self, WireError> {
        let number = reader.u64("change")?;
        if number == 0 {
            return Err(WireError::Value { field: "change" });
        }
        Ok(Self {
            number,
            part: Part::read(reader)?,
            entries: TopicEntry::read_list(reader)?,
        })
    }
}

impl Part {
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.index.to_be_bytes());
        out.extend_from_slice(&self.count.to_be_bytes());
    }

    fn read(reader: &mut Reader) -> Result<Self, WireError> {
        let part = Self {
            index: reader.u16("part")?,
            count: reader.u16("parts")?,
        };
        if part.index >= part.count {
            return Err(WireError::Value { field: "part" });
        }
        Ok(part)
    }
}

impl TopicEntry {
    fn write(out: &mut Vec<u8>, entry: &Self) {
        out.extend_from_slice(&entry.number.to_be_bytes());
        out.extend_from_slice(&entry.sequence.to_be_bytes());
        put_short_bytes(out, &entry.topic);
    }

    fn read_list(reader: &mut Reader) -> Result<Vec<Self>, WireError> {
        reader.list("entries", 15, |reader| {
            let entry = Self {
                number: reader.u32("number")?,
                sequence: reader.sequence("sequence")?,
                topic: reader.short_bytes("topic")?,
            };
            check_topic(&entry.topic)?;
            Ok(entry)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_reads_back() {
        let epoch = Epoch::from_u128(1);
        let nonce = Nonce::from_u128(3);
        let entries = vec![TopicEntry {
            number: 1,
            sequence: 8,
            topic: Bytes::from_static(b"EURUSD"),
        }];
        let part = Part { index: 0, count: 2 };
        for body in [
            InBand::Welcome(Welcome {
                number: 9,
                part,
                window_messages: 32_768,
                window_bytes: 1 << 25,
                expiry_ms: 5_000,
                entries: entries.clone(),
            }),
            InBand::Sync {
                entries: entries.clone(),
            },
            InBand::End {
                part,
                entries: entries.clone(),
            },
            InBand::Granted(Changed {
                number: 1,
                part,
                entries: entries.clone(),
            }),
            InBand::Released(Changed {
                number: 2,
                part,
                entries,
            }),
        ] {
            let frame = body.encode(&nonce, epoch);
            assert!(is_private(&frame));
            let (to, rest) = split_private(&frame).expect("a private frame");
            assert_eq!(to, nonce);
            assert_eq!(InBand::decode(&rest), Ok((epoch, body)));
            for cut in 0..rest.len() {
                assert!(InBand::decode(&rest.slice(..cut)).is_err(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_cut_private_topic_is_nobodys() {
        assert_eq!(split_private(&Bytes::from_static(b"\xFFshort")), None);
        assert_eq!(
            split_private(&Bytes::from_static(b"EURUSD\0 and so on")),
            None
        );
    }
}
