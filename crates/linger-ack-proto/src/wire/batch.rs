//! Several messages of one topic in one data message (SPEC D5).

use super::envelope::Trailer;
use super::reader::WireError;
use bytes::Bytes;

/// What a batch's envelope has after its topic and the NUL, in bytes: a count more than that of a
/// single message.
pub const BATCH_TRAILER_LEN: usize = 20;

/// What stands before each payload of a batch, in bytes: its length.
pub const MEMBER_OVERHEAD: usize = 4;

/// Topic, NUL, epoch tag, topic number, first sequence, count.
///
/// ```text
///  0          n   n+1      n+5           n+9              n+17    n+21
///  ┌──────────┬───┬────────┬─────────────┬────────────────┬───────┐
///  │ topic    │ 0 │ tag    │ number      │ first sequence │ count │
///  └──────────┴───┴────────┴─────────────┴────────────────┴───────┘
/// ```
///
/// A topic holds no NUL, so what comes after the first one has 16 bytes, or here 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchEnvelope<'a> {
    /// The topic: 1 to 1,024 bytes, no NUL, not 0xFF first.
    pub topic: &'a [u8],
    /// The epoch's [tag](crate::Epoch::tag).
    pub tag: u32,
    /// The topic's number in this epoch.
    pub number: u32,
    /// The sequence of its first message; each of the others has the next one.
    pub first: u64,
    /// How many messages it holds: 2 at least.
    pub count: u32,
}

impl<'a> BatchEnvelope<'a> {
    /// The sequence of its last message.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.first
            .saturating_sub(1)
            .saturating_add(self.count.into())
    }

    /// Appends the envelope to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(self.topic.len() + 1 + BATCH_TRAILER_LEN);
        out.extend_from_slice(self.topic);
        out.push(0);
        self.encode_trailer(out);
    }

    /// Appends what stands after the topic and its NUL, for a batch whose topic stands bare.
    pub fn encode_trailer(&self, out: &mut Vec<u8>) {
        out.reserve(BATCH_TRAILER_LEN);
        let Self {
            tag, number, first, ..
        } = *self;
        Trailer { tag, number, first }.encode(out);
        out.extend_from_slice(&self.count.to_be_bytes());
    }

    /// Reads an envelope, which must fill the frame.
    ///
    /// # Errors
    ///
    /// If the frame is too short, the topic can't be one, there are fewer than two messages, or
    /// one of them would have a sequence that is none.
    pub fn decode(frame: &'a [u8]) -> Result<Self, WireError> {
        let field = "batch envelope";
        let at = frame.len().checked_sub(1 + BATCH_TRAILER_LEN);
        let parts = at.map(|at| frame.split_at(at));
        let Some((topic, [nul, trailer @ ..])) = parts else {
            return Err(WireError::Short { field });
        };
        if *nul != 0 {
            return Err(WireError::Value { field });
        }
        Self::decode_bare(topic, trailer)
    }

    /// Reads a bare topic and the trailer that came with it.
    ///
    /// # Errors
    ///
    /// As for [`decode`](Self::decode), and if the trailer has not 20 bytes.
    pub fn decode_bare(topic: &'a [u8], trailer: &[u8]) -> Result<Self, WireError> {
        let field = "batch envelope";
        if let Some(extra @ 1..) = trailer.len().checked_sub(BATCH_TRAILER_LEN) {
            return Err(WireError::Long { extra });
        }
        let Some((rest, count)) = trailer.split_last_chunk::<4>() else {
            return Err(WireError::Short { field });
        };
        let Trailer { tag, number, first } = Trailer::decode(topic, rest)?;
        let count = u32::from_be_bytes(*count);
        if count < 2 {
            return Err(WireError::Value { field: "count" });
        }
        let batch = Self {
            topic,
            tag,
            number,
            first,
            count,
        };
        match batch.last() {
            u64::MAX => Err(WireError::Value { field: "sequence" }),
            _ => Ok(batch),
        }
    }
}

/// The payloads of a batch, which was looked through.
#[derive(Clone, Debug)]
pub struct Members {
    frame: Bytes,
    at: usize,
}

impl Members {
    /// Looks through the payload of a batch, which must be filled exactly by so many messages.
    ///
    /// # Errors
    ///
    /// If it is cut, or something is left over.
    pub fn decode(frame: Bytes, count: u32) -> Result<Self, WireError> {
        let mut rest: &[u8] = &frame;
        for _ in 0..count {
            let short = WireError::Short { field: "batch" };
            let (len, after) = rest.split_first_chunk::<4>().ok_or(short)?;
            let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| short)?;
            rest = after.get(len..).ok_or(short)?;
        }
        match rest.len() {
            0 => Ok(Self { frame, at: 0 }),
            extra => Err(WireError::Long { extra }),
        }
    }

    /// How many bytes so many payloads have together.
    #[must_use]
    pub fn payload_bytes(&self, count: u32) -> usize {
        let lengths = (count as usize).saturating_mul(MEMBER_OVERHEAD);
        self.frame.len().saturating_sub(lengths)
    }
}

impl Iterator for Members {
    type Item = Bytes;

    /// The next payload: a part of the frame, which it keeps.
    fn next(&mut self) -> Option<Bytes> {
        let rest = self.frame.get(self.at..)?;
        let (len, after) = rest.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        if after.len() < len {
            return None;
        }
        let from = self.at + MEMBER_OVERHEAD;
        self.at = from + len;
        Some(self.frame.slice(from..self.at))
    }
}

/// Appends a message to the payload of a batch; false, and nothing, if its length has no room in
/// 32 bits.
pub fn push_member(payload: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(len) = u32::try_from(payload.len()) else {
        return false;
    };
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(payload);
    true
}

#[cfg(test)]
mod tests {
    use super::super::Envelope;
    use super::*;

    fn envelope(first: u64, count: u32) -> BatchEnvelope<'static> {
        BatchEnvelope {
            topic: b"EURUSD",
            tag: 0x0102_0304,
            number: 7,
            first,
            count,
        }
    }

    fn encoded(envelope: BatchEnvelope<'_>) -> Vec<u8> {
        let mut frame = Vec::new();
        envelope.encode(&mut frame);
        frame
    }

    #[test]
    fn a_batch_reads_back_and_stands_as_documented() {
        let frame = encoded(envelope(9, 3));
        assert_eq!(
            frame,
            b"EURUSD\0\x01\x02\x03\x04\0\0\0\x07\0\0\0\0\0\0\0\x09\0\0\0\x03"
        );
        assert_eq!(BatchEnvelope::decode(&frame), Ok(envelope(9, 3)));
        let bare = BatchEnvelope::decode_bare(b"EURUSD", &frame[7..]);
        assert_eq!(bare, Ok(envelope(9, 3)));
        assert_eq!(envelope(9, 3).last(), 11);
        let mut payload = Vec::new();
        for member in [&b"a"[..], b"", b"bcd"] {
            assert!(push_member(member, &mut payload));
        }
        assert_eq!(payload, b"\0\0\0\x01a\0\0\0\0\0\0\0\x03bcd");
        let members = Members::decode(payload.into(), 3).expect("whole");
        assert_eq!(members.payload_bytes(3), 4);
        let members: Vec<Bytes> = members.collect();
        assert_eq!(members, ["a", "", "bcd"]);
    }

    #[test]
    fn no_batch_is_a_message_and_no_message_a_batch() {
        // The tag and the numbers may hold NULs, wherever they want.
        for tag in [0, 0x0100_0000, u32::MAX] {
            let batch = BatchEnvelope {
                tag,
                ..envelope(1, 2)
            };
            assert!(Envelope::decode(&encoded(batch)).is_err());
            let mut frame = Vec::new();
            let message = Envelope {
                topic: b"EURUSD",
                tag,
                number: 0,
                sequence: 1,
            };
            message.encode(&mut frame);
            assert!(BatchEnvelope::decode(&frame).is_err());
        }
    }

    #[test]
    fn broken_envelopes_of_batches_are_refused() {
        let good = encoded(envelope(1, 2));
        for cut in 0..good.len() {
            assert!(BatchEnvelope::decode(&good[..cut]).is_err(), "cut at {cut}");
        }
        let read = |first, count| {
            let frame = encoded(envelope(first, count));
            BatchEnvelope::decode(&frame).map(|_| ())
        };
        for count in [0, 1] {
            let error = WireError::Value { field: "count" };
            assert_eq!(read(1, count), Err(error));
        }
        let error = WireError::Value { field: "sequence" };
        for first in [u64::MAX, u64::MAX - 1] {
            assert_eq!(read(first, 2), Err(error), "{first}");
        }
        assert!(read(u64::MAX - 2, 2).is_ok());
    }

    #[test]
    fn a_batch_is_filled_exactly_or_broken() {
        let good = b"\0\0\0\x01a\0\0\0\x02bc";
        let look = |bytes: &'static [u8], count| Members::decode(Bytes::from_static(bytes), count);
        assert!(look(good, 2).is_ok());
        for cut in 0..good.len() {
            assert!(look(&good[..cut], 2).is_err(), "cut at {cut}");
        }
        assert_eq!(look(good, 1).err(), Some(WireError::Long { extra: 6 }));
        assert!(look(good, 3).is_err());
        assert!(look(b"\xff\xff\xff\xff", 1).is_err());
    }
}
