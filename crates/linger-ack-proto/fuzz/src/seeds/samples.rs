//! A frame of each kind: conversations that go well never say some of them.

use super::super::identity::identity;
use super::super::publisher::EPOCH;
use bytes::Bytes;
use linger_ack_proto::wire::{
    Change, Changed, Header, InBand, Mark, Part, Refusal, ToPublisher, ToSubscriber, TopicEntry,
    TopicRange,
};

pub fn frames() -> Vec<(&'static str, Vec<u8>)> {
    let identity = identity(0, 0);
    let header = Header {
        epoch: EPOCH,
        session: identity.session,
    };
    let in_band = in_band().into_iter().map(|body| {
        let frame = body.encode(&identity.nonce, header.epoch);
        ("in_band", frame.to_vec())
    });
    let up = to_publisher().into_iter().map(|body| {
        let frame = body.encode(&header, 9);
        ("to_publisher", frame.to_vec())
    });
    let down = to_subscriber().into_iter().map(|body| {
        let frame = body.encode(&header);
        ("to_subscriber", frame.to_vec())
    });
    in_band.chain(up).chain(down).collect()
}

fn in_band() -> Vec<InBand> {
    let entry = |number: u32, topic: &'static [u8]| TopicEntry {
        number,
        sequence: u64::from(number) + 1,
        topic: Bytes::from_static(topic),
    };
    let changed = Changed {
        number: 1,
        part: Part { index: 1, count: 2 },
        entries: vec![entry(1, b"a"), entry(2, b"ab")],
    };
    vec![
        InBand::Sync {
            entries: vec![entry(1, b"a")],
        },
        InBand::Granted(changed.clone()),
        InBand::Released(changed),
    ]
}

fn to_publisher() -> Vec<ToPublisher> {
    let change = Change {
        number: 1,
        prefixes: vec![Bytes::from_static(b"a"), Bytes::new()],
    };
    let mark = Mark {
        number: 1,
        received: 2,
        processed: 1,
    };
    let range = TopicRange {
        number: 1,
        first: 2,
        last: 3,
    };
    vec![
        ToPublisher::Nack {
            ranges: vec![range, range],
        },
        ToPublisher::Bye { marks: vec![mark] },
        ToPublisher::Beat,
        ToPublisher::Subscribe(change.clone()),
        ToPublisher::Unsubscribe(change),
    ]
}

fn to_subscriber() -> Vec<ToSubscriber> {
    let range = TopicRange {
        number: 1,
        first: 2,
        last: 3,
    };
    vec![
        ToSubscriber::Gone(range),
        ToSubscriber::Query,
        ToSubscriber::ByeOk,
        ToSubscriber::Unknown,
        ToSubscriber::Closing,
        ToSubscriber::Superseded,
        ToSubscriber::Fin { acked: true },
        ToSubscriber::Refused {
            change: 1,
            why: Refusal::Busy,
        },
        ToSubscriber::Evicted,
        ToSubscriber::Versions {
            lowest: 1,
            highest: 2,
        },
    ]
}
