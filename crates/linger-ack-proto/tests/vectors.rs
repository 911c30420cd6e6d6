//! The golden vectors in `vectors/`, against the codec, both ways.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of tests fails by panicking"
)]

mod hex;

use bytes::Bytes;
use linger_ack_proto::topic::TopicError;
use linger_ack_proto::wire::{
    Change, Changed, Envelope, HEADER_LEN, Header, Hello, InBand, Mark, Part, Refusal, Repair,
    ToPublisher, ToSubscriber, TopicEntry, TopicRange, Welcome, WireError, split_private,
};
use linger_ack_proto::{Epoch, Level, Nonce, SessionId};
use serde_json::Value;
use std::collections::BTreeSet;

const TO_PUBLISHER: &str = include_str!("../vectors/to_publisher.json");
const TO_SUBSCRIBER: &str = include_str!("../vectors/to_subscriber.json");
const IN_BAND: &str = include_str!("../vectors/in_band.json");
const DATA: &str = include_str!("../vectors/data.json");
const INVALID: &str = include_str!("../vectors/invalid.json");

fn entries(file: &str, list: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).expect("JSON");
    assert_eq!(file["protocol"], linger_ack_proto::wire::VERSION);
    let entries = file[list].as_array().expect("a list").clone();
    let names = entries.iter().map(|entry| text(&entry["name"]));
    assert!(!entries.is_empty() && names.clone().all(|name| !name.is_empty()));
    entries
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn bytes(value: &Value) -> Bytes {
    hex::decode(text(value))
}

fn id(value: &Value) -> [u8; 16] {
    bytes(value)[..].try_into().expect("16 bytes")
}

/// Numbers of 64 bits stand as text: not every reader of JSON can hold them.
fn long(value: &Value) -> u64 {
    text(value).parse().expect("a number of 64 bits")
}

fn number<T: TryFrom<u64>>(value: &Value) -> T {
    let number = value.as_u64().and_then(|number| T::try_from(number).ok());
    number.expect("a number in its range")
}

fn flag(value: &Value) -> bool {
    value.as_bool().expect("true or false")
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().expect("a list").iter().map(read).collect()
}

fn header(entry: &Value) -> Header {
    Header {
        epoch: Epoch::from_bytes(id(&entry["epoch"])),
        session: SessionId::from_bytes(id(&entry["session"])),
    }
}

fn mark(value: &Value) -> Mark {
    Mark {
        number: number(&value["number"]),
        received: long(&value["received"]),
        processed: long(&value["processed"]),
    }
}

fn range(value: &Value) -> TopicRange {
    TopicRange {
        number: number(&value["number"]),
        first: long(&value["first"]),
        last: long(&value["last"]),
    }
}

fn topic_entry(value: &Value) -> TopicEntry {
    TopicEntry {
        number: number(&value["number"]),
        sequence: long(&value["sequence"]),
        topic: bytes(&value["topic"]),
    }
}

fn part(fields: &Value) -> Part {
    Part {
        index: number(&fields["part"]),
        count: number(&fields["parts"]),
    }
}

fn change(fields: &Value) -> Change {
    Change {
        number: long(&fields["change"]),
        prefixes: list(&fields["prefixes"], bytes),
    }
}

fn changed(fields: &Value) -> Changed {
    Changed {
        number: long(&fields["change"]),
        part: part(fields),
        entries: list(&fields["entries"], topic_entry),
    }
}

fn to_publisher(entry: &Value) -> ToPublisher {
    let fields = &entry["fields"];
    match text(&entry["kind"]) {
        "HELLO" => ToPublisher::Hello(Hello {
            nonce: Nonce::from_bytes(id(&fields["nonce"])),
            level: match text(&fields["level"]) {
                "received" => Level::Received,
                "processed" => Level::Processed,
                other => panic!("no level: {other}"),
            },
            name: text(&fields["name"]).to_owned(),
            credentials: bytes(&fields["credentials"]),
            prefixes: list(&fields["prefixes"], bytes),
        }),
        "JOINED" => ToPublisher::Joined {
            welcome: long(&fields["welcome"]),
        },
        "ACK" => ToPublisher::Ack {
            whole: flag(&fields["whole"]),
            marks: list(&fields["marks"], mark),
        },
        "NACK" => ToPublisher::Nack {
            ranges: list(&fields["ranges"], range),
        },
        "BEAT" => ToPublisher::Beat,
        "BYE" => ToPublisher::Bye {
            marks: list(&fields["marks"], mark),
        },
        "SUBSCRIBE" => ToPublisher::Subscribe(change(fields)),
        "UNSUBSCRIBE" => ToPublisher::Unsubscribe(change(fields)),
        other => panic!("no kind of a subscriber: {other}"),
    }
}

fn refusal(value: &Value) -> Refusal {
    match text(value) {
        "too_many_members" => Refusal::TooManyMembers,
        "too_many_prefixes" => Refusal::TooManyPrefixes,
        "too_many_topics" => Refusal::TooManyTopics,
        "busy" => Refusal::Busy,
        "not_authorized" => Refusal::NotAuthorized,
        other => panic!("no reason: {other}"),
    }
}

fn to_subscriber(entry: &Value) -> ToSubscriber {
    let fields = &entry["fields"];
    match text(&entry["kind"]) {
        "MEMBER" => ToSubscriber::Member,
        "REPAIR" => ToSubscriber::Repair(Repair {
            number: number(&fields["number"]),
            sequence: long(&fields["sequence"]),
            last: flag(&fields["last"]),
            topic: bytes(&fields["topic"]),
            payload: bytes(&fields["payload"]),
        }),
        "GONE" => ToSubscriber::Gone(range(fields)),
        "QUERY" => ToSubscriber::Query,
        "BYE_OK" => ToSubscriber::ByeOk,
        "UNKNOWN" => ToSubscriber::Unknown,
        "CLOSING" => ToSubscriber::Closing,
        "SUPERSEDED" => ToSubscriber::Superseded,
        "FIN" => ToSubscriber::Fin {
            acked: flag(&fields["acked"]),
        },
        "REFUSED" => ToSubscriber::Refused {
            change: long(&fields["change"]),
            why: refusal(&fields["reason"]),
        },
        "EVICTED" => ToSubscriber::Evicted,
        "VERSIONS" => ToSubscriber::Versions {
            lowest: number(&fields["lowest"]),
            highest: number(&fields["highest"]),
        },
        other => panic!("no kind of a publisher: {other}"),
    }
}

fn in_band(entry: &Value) -> InBand {
    let fields = &entry["fields"];
    match text(&entry["kind"]) {
        "WELCOME" => InBand::Welcome(Welcome {
            number: long(&fields["welcome"]),
            part: part(fields),
            window_messages: number(&fields["window_messages"]),
            window_bytes: long(&fields["window_bytes"]),
            expiry_ms: number(&fields["expiry_ms"]),
            entries: list(&fields["entries"], topic_entry),
        }),
        "SYNC" => InBand::Sync {
            entries: list(&fields["entries"], topic_entry),
        },
        "END" => InBand::End {
            part: part(fields),
            entries: list(&fields["entries"], topic_entry),
        },
        "GRANTED" => InBand::Granted(changed(fields)),
        "RELEASED" => InBand::Released(changed(fields)),
        other => panic!("no kind that is said in-band: {other}"),
    }
}

/// The kinds that this decoder does not refuse as such.
fn known_kinds(decode: impl Fn(Bytes) -> Result<(), WireError>) -> BTreeSet<u8> {
    let kinds = (0..=u8::MAX).filter(|&kind| {
        let mut frame = vec![0; HEADER_LEN + 8];
        frame[..4].copy_from_slice(&[b'L', b'G', 1, kind]);
        !matches!(decode(frame.into()), Err(WireError::Kind { .. }))
    });
    kinds.collect()
}

/// The kinds of these frames, whose headers begin at `at`.
fn kinds_in(entries: &[Value], at: usize) -> BTreeSet<u8> {
    let frames = entries.iter().map(|entry| bytes(&entry["frame"]));
    frames.map(|frame| frame[at + 3]).collect()
}

#[test]
fn frames_to_a_publisher_read_and_write_as_the_vectors_say() {
    let all = entries(TO_PUBLISHER, "frames");
    for entry in &all {
        let (header, serial) = (header(entry), long(&entry["serial"]));
        let (body, frame) = (to_publisher(entry), bytes(&entry["frame"]));
        assert_eq!(body.encode(&header, serial), frame, "{}", entry["name"]);
        let expected = Ok((header, serial, body));
        assert_eq!(ToPublisher::decode(&frame), expected, "{}", entry["name"]);
    }
    let known = known_kinds(|frame| ToPublisher::decode(&frame).map(drop));
    assert_eq!(kinds_in(&all, 0), known, "each kind has a vector");
}

#[test]
fn frames_to_a_subscriber_read_and_write_as_the_vectors_say() {
    let all = entries(TO_SUBSCRIBER, "frames");
    for entry in &all {
        let header = header(entry);
        let (body, frame) = (to_subscriber(entry), bytes(&entry["frame"]));
        assert_eq!(body.encode(&header), frame, "{}", entry["name"]);
        let expected = Ok((header, body));
        assert_eq!(ToSubscriber::decode(&frame), expected, "{}", entry["name"]);
    }
    let known = known_kinds(|frame| ToSubscriber::decode(&frame).map(drop));
    assert_eq!(kinds_in(&all, 0), known, "each kind has a vector");
}

#[test]
fn every_reason_to_refuse_has_a_vector() {
    let all = entries(TO_SUBSCRIBER, "frames");
    let refused = all.iter().filter(|entry| entry["kind"] == "REFUSED");
    let frames: Vec<Bytes> = refused.map(|entry| bytes(&entry["frame"])).collect();
    let mut frame = frames.first().expect("a REFUSED").to_vec();
    let at = frame.len() - 1;
    let found: BTreeSet<u8> = frames.iter().map(|frame| frame[at]).collect();
    let known = (0..=u8::MAX).filter(|&reason| {
        frame[at] = reason;
        ToSubscriber::decode(&Bytes::copy_from_slice(&frame)).is_ok()
    });
    assert_eq!(found, known.collect());
}

#[test]
fn private_frames_read_and_write_as_the_vectors_say() {
    let all = entries(IN_BAND, "frames");
    for entry in &all {
        let nonce = Nonce::from_bytes(id(&entry["nonce"]));
        let epoch = Epoch::from_bytes(id(&entry["epoch"]));
        let (body, frame) = (in_band(entry), bytes(&entry["frame"]));
        assert_eq!(body.encode(&nonce, epoch), frame, "{}", entry["name"]);
        let (to, rest) = split_private(&frame).expect("a private frame");
        assert_eq!(to, nonce, "{}", entry["name"]);
        let expected = Ok((epoch, body));
        assert_eq!(InBand::decode(&rest), expected, "{}", entry["name"]);
    }
    let known = known_kinds(|frame| InBand::decode(&frame).map(drop));
    let private = linger_ack_proto::wire::PRIVATE_LEN;
    assert_eq!(kinds_in(&all, private), known, "each kind has a vector");
}

#[test]
fn messages_read_and_write_as_the_vectors_say() {
    for entry in entries(DATA, "messages") {
        let fields = &entry["fields"];
        let topic = bytes(&fields["topic"]);
        let envelope = Envelope {
            topic: &topic,
            tag: number(&fields["tag"]),
            number: number(&fields["number"]),
            sequence: long(&fields["sequence"]),
        };
        let payload = bytes(&fields["payload"]);
        let (mut first, mut trailer) = (Vec::new(), Vec::new());
        envelope.encode(&mut first);
        envelope.encode_trailer(&mut trailer);

        let frames = list(&entry["enveloped"], bytes);
        assert_eq!(frames, [Bytes::from(first), payload.clone()]);
        assert_eq!(Envelope::decode(&frames[0]), Ok(envelope));

        let frames = list(&entry["bare"], bytes);
        assert_eq!(frames, [topic.clone(), payload, trailer.into()]);
        assert_eq!(Envelope::decode_bare(&frames[0], &frames[2]), Ok(envelope));
    }
}

/// An error, in the words of the vectors.
fn words(error: WireError) -> Value {
    use serde_json::json;
    match error {
        WireError::Short { field } => json!({"kind": "short", "field": field}),
        WireError::Long { extra } => json!({"kind": "long", "extra": extra}),
        WireError::Magic => json!({"kind": "magic"}),
        WireError::Version { found } => json!({"kind": "version", "found": found}),
        WireError::Kind { found } => json!({"kind": "kind", "found": found}),
        WireError::Value { field } => json!({"kind": "value", "field": field}),
        WireError::Topic(topic) => match topic {
            TopicError::Empty => json!({"kind": "topic", "why": "empty"}),
            TopicError::Nul { at } => json!({"kind": "topic", "why": "nul", "at": at}),
            TopicError::Private => json!({"kind": "topic", "why": "private"}),
            TopicError::TooLong { len } => json!({"kind": "topic", "why": "too_long", "len": len}),
            other => panic!("no words for {other:?}"),
        },
        other => panic!("no words for {other:?}"),
    }
}

#[test]
fn what_is_invalid_is_refused_for_the_reason_that_the_vectors_name() {
    let mut reasons = BTreeSet::new();
    for entry in entries(INVALID, "frames") {
        let frame = || bytes(&entry["frame"]);
        let error = match text(&entry["as"]) {
            "to_publisher" => ToPublisher::decode(&frame()).err().map(words),
            "to_subscriber" => ToSubscriber::decode(&frame()).err().map(words),
            "in_band" => match split_private(&frame()) {
                Some((_, rest)) => InBand::decode(&rest).err().map(words),
                None => Some(serde_json::json!({"kind": "not_private"})),
            },
            "envelope" => Envelope::decode(&frame()).err().map(words),
            "bare" => {
                let (topic, trailer) = (bytes(&entry["topic"]), bytes(&entry["trailer"]));
                Envelope::decode_bare(&topic, &trailer).err().map(words)
            }
            other => panic!("no decoder: {other}"),
        };
        assert_eq!(error.as_ref(), Some(&entry["error"]), "{}", entry["name"]);
        let reason = error.expect("an error");
        reasons.insert(text(&reason["kind"]).to_owned());
    }
    let all = "kind long magic not_private short topic value version";
    assert_eq!(Vec::from_iter(reasons), Vec::from_iter(all.split(' ')));
}
