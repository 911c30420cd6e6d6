//! HELLO by the thousand, and in names that belong to others.

mod common;

use common::beside::{Beside, bound};
use common::impostor::Impostor;
use common::stranger::Stranger;
use linger::linger_ack::proto::wire::{Header, Hello, ToPublisher};
use linger::linger_ack::proto::{Epoch, Level, Nonce, SessionId};

const HELLOS: u128 = 20_000;

/// A session's first word; each id is another session.
fn hello(id: u128, name: &str) -> Vec<u8> {
    let header = Header {
        epoch: Epoch::UNKNOWN,
        session: SessionId::from_u128(id << 32),
    };
    let hello = ToPublisher::Hello(Hello {
        nonce: Nonce::from_u128(id),
        level: Level::Processed,
        name: name.to_owned(),
        credentials: Vec::new().into(),
        prefixes: vec![Vec::new().into()],
    });
    hello.encode(&header, 1).to_vec()
}

#[test]
fn a_flood_of_hellos_is_bounded_and_nobody_else_loses_anything() {
    let beside = Beside::a_stream();
    // It never reads the answers, either.
    let mut strangers = [(); 4].map(|()| Stranger::greeted(&beside.publisher.control, "DEALER"));
    for id in 1..=HELLOS {
        let at = usize::try_from(id % 4).unwrap();
        strangers[at].long_frame(&hello(id, &format!("stranger {id}")));
    }
    beside.goes_on();
    let stopped = beside.drains(bound(0));
    let counters = &stopped.report["counters"];
    let number = |key: &str| counters[key].as_u64().unwrap();
    assert!(number("busy") > 0, "there were limits: {counters}");
    assert_eq!(number("joined"), 1, "{counters}");
}

#[test]
fn a_hello_in_the_name_of_a_member_does_not_supersede_it() {
    let beside = Beside::a_stream();
    let mut stranger = Stranger::greeted(&beside.publisher.control, "DEALER");
    for id in 1..=200 {
        stranger.long_frame(&hello(id, "one"));
    }
    beside.goes_on();
    let stopped = beside.drains(bound(0));
    assert_eq!(stopped.report["counters"]["superseded"], 0, "{stopped}");
}

#[test]
fn a_candidate_that_never_says_joined_holds_nothing_up() {
    let beside = Beside::a_stream();
    let mut candidate = Impostor::connect(&beside.publisher, 7);
    candidate.is_welcome("candidate");
    beside.goes_on();
    beside.drains(bound(1));
}
