//! What a publisher answers, over ROUTER.

use super::header::{Header, VERSION};
use super::reader::{Reader, WireError, put_short_bytes};
use super::to_publisher::TopicRange;
use crate::topic::check_topic;
use bytes::Bytes;

const MEMBER: u8 = 65;
const REPAIR: u8 = 66;
const GONE: u8 = 67;
const QUERY: u8 = 68;
const BYE_OK: u8 = 69;
const UNKNOWN: u8 = 70;
const CLOSING: u8 = 71;
const SUPERSEDED: u8 = 72;
const FIN: u8 = 73;
const REFUSED: u8 = 74;
const EVICTED: u8 = 75;
const VERSIONS: u8 = 76;

/// A frame from a publisher to one subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToSubscriber {
    /// JOINED came; from now on acknowledgements count.
    Member,
    /// A message that was missing.
    Repair(Repair),
    /// These are no longer retained; they can't be had.
    Gone(TopicRange),
    /// Say all marks: this connection is new, or all was received and nothing more is heard, so
    /// what was said may be lost.
    Query,
    /// BYE came, and its marks count.
    ByeOk,
    /// The session or the epoch is not known; the header names the epoch that is. Join anew.
    Unknown,
    /// The publisher closes and takes no new members.
    Closing,
    /// A newer session has this name. Terminal.
    Superseded,
    /// The publisher has closed; nothing more will come. A courtesy, said once.
    Fin {
        /// Whether all that this member was owed is acknowledged, as the publisher knows it.
        acked: bool,
    },
    /// HELLO or SUBSCRIBE can't be granted.
    Refused {
        /// The number of the change that is refused; 0 if it is HELLO.
        change: u64,
        /// Why.
        why: Refusal,
    },
    /// This session held the window back for too long and is over. It may join anew.
    Evicted,
    /// A frame of a version came that the publisher does not speak; these it speaks.
    Versions {
        /// The lowest.
        lowest: u8,
        /// The highest.
        highest: u8,
    },
}

/// The body of REPAIR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The topic's number.
    pub number: u32,
    /// The message's sequence.
    pub sequence: u64,
    /// Nothing more comes in answer to this NACK: what is missing still may be asked for.
    pub last: bool,
    /// The topic.
    pub topic: Bytes,
    /// The message.
    pub payload: Bytes,
}

/// Why a HELLO or a SUBSCRIBE was not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// There are as many members as the publisher takes.
    TooManyMembers,
    /// It asks for more prefixes than the publisher takes.
    TooManyPrefixes,
    /// Its prefixes match more topics than the publisher owes to one member.
    TooManyTopics,
    /// Too many others are joining just now; ask again.
    Busy,
    /// Its name or its credentials are not accepted.
    NotAuthorized,
}

impl Refusal {
    const ALL: [(u8, Self); 5] = [
        (1, Self::TooManyMembers),
        (2, Self::TooManyPrefixes),
        (3, Self::TooManyTopics),
        (4, Self::Busy),
        (5, Self::NotAuthorized),
    ];

    fn code(self) -> u8 {
        let mut all = Self::ALL.iter();
        all.find(|(_, why)| *why == self)
            .map_or(0, |(code, _)| *code)
    }

    fn from_code(found: u8) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(code, _)| *code == found).map(|(_, why)| *why)
    }
}

impl ToSubscriber {
    /// The frame's bytes.
    #[must_use]
    pub fn encode(&self, header: &Header) -> Bytes {
        let mut out = Vec::with_capacity(64);
        let kind = match self {
            Self::Member => MEMBER,
            Self::Repair(_) => REPAIR,
            Self::Gone(_) => GONE,
            Self::Query => QUERY,
            Self::ByeOk => BYE_OK,
            Self::Unknown => UNKNOWN,
            Self::Closing => CLOSING,
            Self::Superseded => SUPERSEDED,
            Self::Fin { .. } => FIN,
            Self::Refused { .. } => REFUSED,
            Self::Evicted => EVICTED,
            Self::Versions { .. } => VERSIONS,
        };
        header.write(kind, &mut out);
        match self {
            Self::Repair(repair) => repair.write(&mut out),
            Self::Gone(range) => TopicRange::write(&mut out, range),
            Self::Fin { acked } => out.push(u8::from(*acked)),
            Self::Refused { change, why } => {
                out.extend_from_slice(&change.to_be_bytes());
                out.push(why.code());
            }
            Self::Versions { lowest, highest } => out.extend_from_slice(&[*lowest, *highest]),
            _ => {}
        }
        out.into()
    }

    /// Reads a frame: its header and its body.
    ///
    /// # Errors
    ///
    /// If it is not a whole frame of this version that a publisher can send.
    pub fn decode(frame: &Bytes) -> Result<(Header, Self), WireError> {
        let mut reader = Reader::new(frame);
        let (header, version, kind) = Header::read_any(&mut reader)?;
        // Who speaks another version only is understood in this one frame.
        if version != VERSION && kind != VERSIONS {
            return Err(WireError::Version { found: version });
        }
        let body = match kind {
            MEMBER => Self::Member,
            REPAIR => return Ok((header, Self::Repair(Repair::read(reader)?))),
            GONE => Self::Gone(TopicRange::read(&mut reader)?),
            QUERY => Self::Query,
            BYE_OK => Self::ByeOk,
            UNKNOWN => Self::Unknown,
            CLOSING => Self::Closing,
            SUPERSEDED => Self::Superseded,
            FIN => Self::Fin {
                acked: reader.bool("acked")?,
            },
            REFUSED => Self::Refused {
                change: reader.u64("change")?,
                why: Refusal::from_code(reader.u8("reason")?)
                    .ok_or(WireError::Value { field: "reason" })?,
            },
            EVICTED => Self::Evicted,
            VERSIONS => Self::read_versions(&mut reader)?,
            found => return Err(WireError::Kind { found }),
        };
        reader.end()?;
        Ok((header, body))
    }

    fn read_versions(reader: &mut Reader) -> Result<Self, WireError> {
        let (lowest, highest) = (reader.u8("lowest")?, reader.u8("highest")?);
        if lowest == 0 || highest < lowest {
            return Err(WireError::Value { field: "highest" });
        }
        reader.skip(); // what a later version may say besides
        Ok(Self::Versions { lowest, highest })
    }
}

impl Repair {
    fn write(&self, out: &mut Vec<u8>) {
        out.reserve(self.topic.len() + self.payload.len() + 15);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.push(u8::from(self.last));
        put_short_bytes(out, &self.topic);
        out.extend_from_slice(&self.payload);
    }

    fn read(mut reader: Reader) -> Result<Self, WireError> {
        let number = reader.u32("number")?;
        let sequence = reader.sequence("sequence")?;
        let last = reader.bool("last")?;
        let topic = reader.short_bytes("topic")?;
        check_topic(&topic)?;
        Ok(Self {
            number,
            sequence,
            last,
            topic,
            payload: reader.rest(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, SessionId};

    #[test]
    fn every_frame_reads_back() {
        let header = Header {
            epoch: Epoch::from_u128(1),
            session: SessionId::from_u128(2),
        };
        let repair = Repair {
            number: 4,
            sequence: 5,
            last: true,
            topic: Bytes::from_static(b"T"),
            payload: Bytes::from_static(b"payload"),
        };
        for body in [
            ToSubscriber::Member,
            ToSubscriber::Repair(repair),
            ToSubscriber::Gone(TopicRange {
                number: 1,
                first: 2,
                last: 2,
            }),
            ToSubscriber::Query,
            ToSubscriber::ByeOk,
            ToSubscriber::Unknown,
            ToSubscriber::Closing,
            ToSubscriber::Superseded,
            ToSubscriber::Fin { acked: true },
            ToSubscriber::Refused {
                change: 0,
                why: Refusal::TooManyMembers,
            },
            ToSubscriber::Refused {
                change: 7,
                why: Refusal::NotAuthorized,
            },
            ToSubscriber::Evicted,
            ToSubscriber::Versions {
                lowest: 1,
                highest: 3,
            },
        ] {
            let frame = body.encode(&header);
            assert_eq!(ToSubscriber::decode(&frame), Ok((header, body)));
        }
    }

    #[test]
    fn every_refusal_has_a_code_of_its_own() {
        for (code, why) in Refusal::ALL {
            assert_eq!((why.code(), Refusal::from_code(code)), (code, Some(why)));
        }
        assert_eq!(Refusal::from_code(0), None);
    }

    #[test]
    fn versions_are_read_from_whoever_says_them() {
        let header = Header {
            epoch: Epoch::UNKNOWN,
            session: SessionId::from_u128(2),
        };
        let versions = ToSubscriber::Versions {
            lowest: 2,
            highest: 3,
        };
        let mut frame = versions.encode(&header).to_vec();
        frame[2] = 3;
        frame.push(b'+');
        let frame = Bytes::from(frame);
        assert_eq!(ToSubscriber::decode(&frame), Ok((header, versions)));
        let mut frame = ToSubscriber::Member.encode(&header).to_vec();
        frame[2] = 3;
        let error = ToSubscriber::decode(&frame.into());
        assert_eq!(error, Err(WireError::Version { found: 3 }));
    }

    #[test]
    fn a_subscribers_frame_is_none_of_a_publishers() {
        let header = Header {
            epoch: Epoch::UNKNOWN,
            session: SessionId::from_u128(2),
        };
        let frame = super::super::ToPublisher::Beat.encode(&header, 1);
        assert_eq!(
            ToSubscriber::decode(&frame),
            Err(WireError::Kind { found: 5 })
        );
    }
}
