//! A line as a message: its topic, its payload, and why it can't be one.

/// The longest topic, in bytes: as long as the acked way allows, in every way.
const MAX_TOPIC: usize = 1024;

/// Why a line is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("its topic is empty")]
    EmptyTopic,
    #[error("its topic holds a NUL")]
    NulInTopic,
    #[error("its topic begins with 0xFF")]
    ReservedTopic,
    #[error("its topic is longer than 1,024 bytes")]
    TopicTooLong,
}

/// The first comma-separated field, if it can be a topic.
pub(crate) fn topic_of(line: &[u8]) -> Result<&[u8], Refused> {
    let topic = line.split(|byte| *byte == b',').next().unwrap_or_default();
    match topic {
        [] => Err(Refused::EmptyTopic),
        [0xFF, ..] => Err(Refused::ReservedTopic),
        _ if topic.contains(&0) => Err(Refused::NulInTopic),
        _ if topic.len() > MAX_TOPIC => Err(Refused::TopicTooLong),
        _ => Ok(topic),
    }
}

/// What is sent for a line: its index, big-endian, then the line.
pub(crate) fn payload(index: u64, line: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(8 + line.len());
    payload.extend_from_slice(&index.to_be_bytes());
    payload.extend_from_slice(line);
    payload
}

/// The index and the line of a payload, or none where it is too short for one.
pub(crate) fn index_of(payload: &[u8]) -> Option<(u64, &[u8])> {
    let (index, line) = payload.split_first_chunk()?;
    Some((u64::from_be_bytes(*index), line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_is_the_topic() {
        assert_eq!(topic_of(b"EURUSD,1.08,1.09"), Ok(&b"EURUSD"[..]));
        assert_eq!(topic_of(b"no comma at all"), Ok(&b"no comma at all"[..]));
        assert_eq!(topic_of(b"a,\0later"), Ok(&b"a"[..]));
        assert_eq!(topic_of(b"\xfe\xff,1"), Ok(&b"\xfe\xff"[..]));
    }

    #[test]
    fn what_can_be_no_topic_is_refused() {
        assert_eq!(topic_of(b""), Err(Refused::EmptyTopic));
        assert_eq!(topic_of(b",1.08"), Err(Refused::EmptyTopic));
        assert_eq!(topic_of(b"EUR\0USD,1"), Err(Refused::NulInTopic));
        assert_eq!(topic_of(b"\xffEUR,1"), Err(Refused::ReservedTopic));
        assert_eq!(topic_of(&[b'x'; MAX_TOPIC + 1]), Err(Refused::TopicTooLong));
        assert!(topic_of(&[b'x'; MAX_TOPIC]).is_ok());
    }

    #[test]
    fn a_payload_gives_index_and_line_back() {
        assert_eq!(index_of(&payload(7, b"a,1")), Some((7, &b"a,1"[..])));
        assert_eq!(
            index_of(&payload(u64::MAX, b"")),
            Some((u64::MAX, &b""[..]))
        );
        assert_eq!(index_of(b"short"), None);
    }
}
