//! The first frame of each data message.

use super::reader::WireError;
use crate::topic::check_topic;

/// What an envelope adds to its topic, in bytes: with a topic of 16 bytes or less the whole is
/// 33 bytes or less, for which libzmq allocates nothing.
pub const ENVELOPE_OVERHEAD: usize = 1 + TRAILER_LEN;

/// The length of what stands after the NUL, in bytes.
pub const TRAILER_LEN: usize = 16;

/// Topic, NUL, epoch tag, topic number, sequence.
///
/// ```text
///  0          n   n+1      n+5           n+9        n+17
///  ┌──────────┬───┬────────┬─────────────┬──────────┐
///  │ topic    │ 0 │ tag    │ number      │ sequence │
///  └──────────┴───┴────────┴─────────────┴──────────┘
/// ```
///
/// The topic stands first, so that libzmq's prefix filter works on it, and a plain SUB that reads
/// multipart messages and matches by prefix reads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The topic: 1 to 1,024 bytes, no NUL, not 0xFF first.
    pub topic: &'a [u8],
    /// The epoch's [tag](crate::Epoch::tag).
    pub tag: u32,
    /// The topic's number in this epoch.
    pub number: u32,
    /// The message's sequence in its topic, from 1, without gaps.
    pub sequence: u64,
}

impl<'a> Envelope<'a> {
    /// Appends the envelope to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(self.topic.len() + ENVELOPE_OVERHEAD);
        out.extend_from_slice(self.topic);
        out.push(0);
        self.encode_trailer(out);
    }

    /// Reads an envelope, which must fill the frame.
    ///
    /// # Errors
    ///
    /// If the frame is too short, the topic can't be one, or the sequence is 0 or `u64::MAX`.
    pub fn decode(frame: &'a [u8]) -> Result<Self, WireError> {
        let short = WireError::Short { field: "envelope" };
        let at = frame.len().checked_sub(ENVELOPE_OVERHEAD).ok_or(short)?;
        let (topic, rest) = frame.split_at(at);
        let Some((&[nul], trailer)) = rest.split_first_chunk::<1>() else {
            return Err(short);
        };
        if nul != 0 {
            return Err(WireError::Value { field: "envelope" });
        }
        Self::decode_bare(topic, trailer)
    }

    /// Appends what stands after the topic and its NUL, for a message whose topic stands bare in
    /// its first frame: the last frame of such a message.
    pub fn encode_trailer(&self, out: &mut Vec<u8>) {
        out.reserve(TRAILER_LEN);
        let Self {
            tag,
            number,
            sequence: first,
            ..
        } = *self;
        Trailer { tag, number, first }.encode(out);
    }

    /// Reads a bare topic and the trailer that came with it.
    ///
    /// # Errors
    ///
    /// If the trailer has not 16 bytes, the topic can't be one, or the sequence is 0 or
    /// `u64::MAX`.
    pub fn decode_bare(topic: &'a [u8], trailer: &[u8]) -> Result<Self, WireError> {
        let Trailer { tag, number, first } = Trailer::decode(topic, trailer)?;
        Ok(Self {
            topic,
            tag,
            number,
            sequence: first,
        })
    }
}

/// What a batch's trailer begins with, and what a message's is.
pub(super) struct Trailer {
    pub(super) tag: u32,
    pub(super) number: u32,
    pub(super) first: u64,
}

impl Trailer {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.tag.to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.first.to_be_bytes());
    }

    /// Reads it, and looks whether the topic can be one.
    pub(super) fn decode(topic: &[u8], trailer: &[u8]) -> Result<Self, WireError> {
        let short = WireError::Short { field: "envelope" };
        if let Some(extra @ 1..) = trailer.len().checked_sub(TRAILER_LEN) {
            return Err(WireError::Long { extra });
        }
        let rest = trailer;
        let Some((tag, rest)) = rest.split_first_chunk::<4>() else {
            return Err(short);
        };
        let Some((number, rest)) = rest.split_first_chunk::<4>() else {
            return Err(short);
        };
        let Some((sequence, _)) = rest.split_first_chunk::<8>() else {
            return Err(short);
        };
        check_topic(topic)?;
        let first = u64::from_be_bytes(*sequence);
        if matches!(first, 0 | u64::MAX) {
            return Err(WireError::Value { field: "sequence" });
        }
        Ok(Self {
            tag: u32::from_be_bytes(*tag),
            number: u32::from_be_bytes(*number),
            first,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_reads_back_and_stands_as_documented() {
        let envelope = Envelope {
            topic: b"EURUSD",
            tag: 0x0102_0304,
            number: 7,
            sequence: 9,
        };
        let mut frame = Vec::new();
        envelope.encode(&mut frame);
        assert_eq!(
            frame,
            b"EURUSD\0\x01\x02\x03\x04\0\0\0\x07\0\0\0\0\0\0\0\x09"
        );
        assert_eq!(Envelope::decode(&frame), Ok(envelope));
        let mut trailer = Vec::new();
        envelope.encode_trailer(&mut trailer);
        assert_eq!(trailer, frame[7..]);
        assert_eq!(Envelope::decode_bare(b"EURUSD", &trailer), Ok(envelope));
        for broken in [&trailer[1..], &[&trailer[..], b"x"].concat()] {
            assert!(Envelope::decode_bare(b"EURUSD", broken).is_err());
        }
    }

    #[test]
    fn broken_envelopes_are_refused() {
        let mut good = Vec::new();
        let envelope = Envelope {
            topic: b"T",
            tag: 1,
            number: 1,
            sequence: 1,
        };
        envelope.encode(&mut good);
        for cut in 0..good.len() {
            assert!(Envelope::decode(&good[..cut]).is_err(), "cut at {cut}");
        }
        let mut zero = good.clone();
        *zero.last_mut().expect("not empty") = 0;
        assert_eq!(
            Envelope::decode(&zero),
            Err(WireError::Value { field: "sequence" })
        );
        let mut last = good.clone();
        let at = last.len() - 8;
        last[at..].fill(0xFF);
        assert_eq!(
            Envelope::decode(&last),
            Err(WireError::Value { field: "sequence" }),
            "there is none after it"
        );
        let mut no_nul = good;
        no_nul[1] = b'x';
        assert!(Envelope::decode(&no_nul).is_err());
    }
}
