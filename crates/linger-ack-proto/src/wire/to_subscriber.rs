//! What a publisher answers, over ROUTER.

use super::header::Header;
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
    /// HELLO can't be granted.
    Refused(Refusal),
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

/// Why a HELLO was not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// There are as many members as the publisher takes.
    TooManyMembers,
    /// It asks for more prefixes than the publisher takes.
    TooManyPrefixes,
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
            Self::Refused(_) => REFUSED,
        };
        header.write(kind, &mut out);
        match self {
            Self::Repair(repair) => repair.write(&mut out),
            Self::Gone(range) => TopicRange::write(&mut out, range),
            Self::Fin { acked } => out.push(u8::from(*acked)),
            Self::Refused(reason) => out.push(match reason {
                Refusal::TooManyMembers => 1,
                Refusal::TooManyPrefixes => 2,
            }),
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
        let (header, kind) = Header::read(&mut reader)?;
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
            REFUSED => Self::Refused(match reader.u8("reason")? {
                1 => Refusal::TooManyMembers,
                2 => Refusal::TooManyPrefixes,
                _ => return Err(WireError::Value { field: "reason" }),
            }),
            found => return Err(WireError::Kind { found }),
        };
        reader.end()?;
        Ok((header, body))
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
            ToSubscriber::Refused(Refusal::TooManyMembers),
            ToSubscriber::Refused(Refusal::TooManyPrefixes),
        ] {
            let frame = body.encode(&header);
            assert_eq!(ToSubscriber::decode(&frame), Ok((header, body)));
        }
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
