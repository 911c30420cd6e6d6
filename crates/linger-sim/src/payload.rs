//! What each message carries: which one it is, so that whoever processed it can be believed.

use bytes::Bytes;

/// A message's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// The place of the epoch in the ledger.
    pub(crate) epoch: u32,
    /// The place of the topic in the plan.
    pub(crate) topic: u32,
    pub(crate) sequence: u64,
}

impl Tag {
    const LEN: usize = 16;

    /// The payload, with so many bytes more than it needs.
    pub(crate) fn encode(self, padding: usize) -> Bytes {
        let mut out = Vec::with_capacity(Self::LEN + padding);
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(&self.topic.to_be_bytes());
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.resize(Self::LEN + padding, 0);
        out.into()
    }

    pub(crate) fn decode(payload: &[u8]) -> Option<Self> {
        Some(Self {
            epoch: u32::from_be_bytes(payload.get(..4)?.try_into().ok()?),
            topic: u32::from_be_bytes(payload.get(4..8)?.try_into().ok()?),
            sequence: u64::from_be_bytes(payload.get(8..16)?.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back() {
        let tag = Tag {
            epoch: 1,
            topic: 2,
            sequence: 3,
        };
        let payload = tag.encode(5);
        assert_eq!((payload.len(), Tag::decode(&payload)), (21, Some(tag)));
        assert_eq!(Tag::decode(&payload[..15]), None);
    }
}
