//! What must hold of every frame, whatever its bytes: if it reads, it is written the same again,
//! holds nothing that its docs forbid, and takes memory in proportion to its length.

use bytes::Bytes;
use linger_ack_proto::SessionId;
use linger_ack_proto::topic::{check_prefix, check_topic};
use linger_ack_proto::wire::{
    Change, Envelope, Header, InBand, Mark, Part, ToPublisher, ToSubscriber, TopicEntry,
    TopicRange, VERSION, WireError, split_private,
};
use std::mem::size_of;

/// The first frame of a message; or, by the first byte, a bare topic and its trailer.
pub fn envelope(data: &[u8]) {
    if let Ok(envelope) = Envelope::decode(data) {
        check_envelope(&envelope);
        let mut out = Vec::new();
        envelope.encode(&mut out);
        assert_eq!(out, data);
    }
    let Some((&at, rest)) = data.split_first() else {
        return;
    };
    let (topic, trailer) = rest.split_at(usize::from(at).min(rest.len()));
    let bare = Envelope::decode_bare(topic, trailer);
    let whole = [topic, b"\0", trailer].concat();
    if let Ok(envelope) = bare {
        check_envelope(&envelope);
        let mut out = Vec::new();
        envelope.encode_trailer(&mut out);
        assert_eq!((envelope.topic, &out[..]), (topic, trailer));
        assert_eq!(Envelope::decode(&whole), bare);
    }
}

fn check_envelope(envelope: &Envelope<'_>) {
    assert_eq!(check_topic(envelope.topic), Ok(()));
    check_sequence(envelope.sequence);
}

/// A frame of somebody's private topic.
pub fn in_band(data: &[u8]) {
    let frame = Bytes::copy_from_slice(data);
    let Some((nonce, body)) = split_private(&frame) else {
        assert!(data.len() < 17 || data[0] != 0xFF);
        return;
    };
    assert_eq!(nonce.as_bytes()[..], data[1..17]);
    assert_eq!(body, data[17..]);
    let Ok((epoch, decoded)) = InBand::decode(&body) else {
        return;
    };
    check_in_band(&decoded, data.len());
    assert_eq!(decoded.encode(&nonce, epoch), frame);
    assert!(InBand::decode(&body.slice(..body.len() - 1)).is_err());
    let session = SessionId::from_u128(0); // a session is a secret, and this anyone can read
    assert_eq!(
        Header::peek(&body),
        Ok((Header { epoch, session }, VERSION))
    );
    assert!(ToPublisher::decode(&body).is_err() && ToSubscriber::decode(&body).is_err());
}

fn check_in_band(decoded: &InBand, len: usize) {
    match decoded {
        InBand::Welcome(welcome) => {
            check_part(welcome.part);
            check_entries(&welcome.entries, len);
        }
        InBand::Sync { entries } => check_entries(entries, len),
        InBand::End { part, entries } => {
            check_part(*part);
            check_entries(entries, len);
        }
        InBand::Granted(changed) | InBand::Released(changed) => {
            assert_ne!(changed.number, 0);
            check_part(changed.part);
            check_entries(&changed.entries, len);
        }
        other => panic!("nobody has said what {other:?} may hold"),
    }
}

/// A frame of a subscriber.
pub fn to_publisher(data: &[u8]) {
    let frame = Bytes::copy_from_slice(data);
    let Ok((header, serial, decoded)) = ToPublisher::decode(&frame) else {
        return;
    };
    match &decoded {
        ToPublisher::Hello(hello) => {
            assert!((1..=255).contains(&hello.name.len()));
            check_prefixes(&hello.prefixes, data.len());
        }
        ToPublisher::Ack { marks, .. } | ToPublisher::Bye { marks } => {
            check_memory(marks, data.len());
            marks.iter().for_each(check_mark);
        }
        ToPublisher::Nack { ranges } => {
            check_memory(ranges, data.len());
            ranges.iter().for_each(check_range);
        }
        ToPublisher::Subscribe(change) | ToPublisher::Unsubscribe(change) => {
            check_change(change, data.len());
        }
        ToPublisher::Joined { .. } | ToPublisher::Beat => {}
        other => panic!("nobody has said what {other:?} may hold"),
    }
    assert_eq!(decoded.encode(&header, serial), frame);
    assert!(ToPublisher::decode(&frame.slice(..frame.len() - 1)).is_err());
    assert_eq!(Header::peek(&frame), Ok((header, VERSION)));
    assert!(InBand::decode(&frame).is_err() && ToSubscriber::decode(&frame).is_err());
}

/// A frame of a publisher to one subscriber.
pub fn to_subscriber(data: &[u8]) {
    let frame = Bytes::copy_from_slice(data);
    let Ok((header, decoded)) = ToSubscriber::decode(&frame) else {
        return;
    };
    let again = decoded.encode(&header);
    let mut may_be_longer = false;
    match &decoded {
        ToSubscriber::Repair(repair) => {
            assert_eq!(check_topic(&repair.topic), Ok(()));
            check_sequence(repair.sequence);
            may_be_longer = true; // its payload is the rest
        }
        ToSubscriber::Gone(range) => check_range(range),
        ToSubscriber::Versions { lowest, highest } => {
            assert!(*lowest > 0 && lowest <= highest);
            // It may come in any version, and a later one may say more.
            let kept = [&frame[..2], &frame[3..again.len()]].concat();
            assert_eq!(kept, [&again[..2], &again[3..]].concat());
            may_be_longer = true;
        }
        _ => {}
    }
    if !matches!(decoded, ToSubscriber::Versions { .. }) {
        assert_eq!(again, frame);
        assert_eq!(Header::peek(&frame), Ok((header, VERSION)));
    }
    if !may_be_longer {
        assert!(ToSubscriber::decode(&frame.slice(..frame.len() - 1)).is_err());
        let longer = [data, b"x"].concat().into();
        let error = Err(WireError::Long { extra: 1 });
        assert_eq!(ToSubscriber::decode(&longer), error);
    }
    assert!(InBand::decode(&frame).is_err() && ToPublisher::decode(&frame).is_err());
}

fn check_sequence(sequence: u64) {
    assert!((1..u64::MAX).contains(&sequence), "{sequence}");
}

fn check_part(part: Part) {
    assert!(part.index < part.count, "{part:?}");
}

fn check_entries(entries: &Vec<TopicEntry>, len: usize) {
    check_memory(entries, len);
    for entry in entries {
        assert_eq!(check_topic(&entry.topic), Ok(()));
        check_sequence(entry.sequence);
    }
}

fn check_prefixes(prefixes: &Vec<Bytes>, len: usize) {
    check_memory(prefixes, len);
    for prefix in prefixes {
        assert_eq!(check_prefix(prefix), Ok(()));
    }
}

fn check_change(change: &Change, len: usize) {
    assert!(change.number > 0 && !change.prefixes.is_empty());
    check_prefixes(&change.prefixes, len);
}

fn check_mark(mark: &Mark) {
    assert!(mark.processed <= mark.received, "{mark:?}");
}

fn check_range(range: &TopicRange) {
    assert!(range.first <= range.last, "{range:?}");
    check_sequence(range.first);
    check_sequence(range.last);
}

/// The smallest entry, an empty prefix, takes 2 bytes in a frame and 32 in memory, twice that as
/// its list grows.
fn check_memory<T>(list: &Vec<T>, len: usize) {
    let taken = list.capacity() * size_of::<T>();
    assert!(
        taken <= 32 * len + 256,
        "{taken} bytes for a frame of {len}"
    );
}
