//! Who may join, and with which prefixes.

use crate::common::{Events, after_ms, bind, connect, eventually, joined, member, next, soon};
use bytes::Bytes;
use linger_ack::linger_registry::{Registry, Socket};
use linger_ack::proto::wire::{Change, Header, Hello, Refusal, ToPublisher, ToSubscriber};
use linger_ack::proto::{Epoch, Nonce, SessionId};
use linger_ack::{
    Candidate, Denied, Event, Level, Publisher, PublisherBuilder, Quorum, Subscriber, UserIdIsName,
    zmq,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn refused(name: &str) -> Event {
    Event::Refused {
        name: name.to_owned(),
        why: Refusal::NotAuthorized,
    }
}

fn builder() -> PublisherBuilder {
    Publisher::builder("ticks")
}

#[test]
fn a_closure_decides_who_joins() {
    let known = |candidate: &Candidate<'_>| match candidate.name() {
        "risk-1" => Ok(()),
        _ => Err(Denied::new("unknown")),
    };
    let (builder, events) = Events::of(builder().authorizer(known));
    let ticks = bind(builder);
    let stranger = connect(&ticks, Subscriber::builder("stranger").subscribe("T"));
    assert_eq!(events.next(), refused("stranger"));
    let risk = member(&ticks, "risk-1");
    ticks.publish("T", "1").expect("accepted");
    next(&risk).ack();
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.members.len(), 1, "a stranger is owed nothing");
    assert!(report.counters.denied >= 1);
    assert_eq!(stranger.memberships(), 0);
}

#[test]
fn a_candidate_is_told_with_all_that_is_known_of_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let ticks = bind(builder().authorizer(move |candidate: &Candidate<'_>| {
        let mut seen = noted.lock().expect("no panic");
        seen.push((
            candidate.name().to_owned(),
            candidate.level(),
            candidate.prefixes().to_vec(),
            candidate.is_member(),
            candidate.user_id().map(str::to_owned),
            candidate.peer_address().map(str::to_owned),
        ));
        Ok(())
    }));
    let builder = Subscriber::builder("a").subscribe("EUR").subscribe("USD");
    let _a = joined(connect(&ticks, builder.level(Level::Received)));
    let seen = seen.lock().expect("no panic");
    let prefixes = ["EUR", "USD"].map(|prefix| Bytes::from_static(prefix.as_bytes()));
    let expected = (
        "a".to_owned(),
        Level::Received,
        prefixes.to_vec(),
        false,
        None,
        Some("127.0.0.1".to_owned()),
    );
    assert_eq!(seen[..], [expected]);
}

#[test]
fn an_authorizer_that_panics_denies_and_the_publisher_goes_on() {
    let (builder, events) = Events::of(builder().authorizer(
        |candidate: &Candidate<'_>| -> Result<(), Denied> {
            assert_eq!(candidate.name(), "good", "the authorizer is broken");
            Ok(())
        },
    ));
    let ticks = bind(builder);
    let _bad = connect(&ticks, Subscriber::builder("bad").subscribe("T"));
    assert_eq!(events.next(), refused("bad"));
    let _good = member(&ticks, "good");
    assert_eq!(ticks.member_count(), 1);
}

#[test]
fn an_authorizer_may_use_the_publisher() {
    let slot = Arc::new(std::sync::OnceLock::<Publisher>::new());
    let seen = Arc::clone(&slot);
    let ticks = bind(builder().authorizer(move |_: &Candidate<'_>| {
        let ticks = seen.get().ok_or_else(|| Denied::new("not ready"))?;
        ticks.publish("T", "somebody comes").expect("accepted");
        Ok(())
    }));
    assert!(slot.set(ticks.clone()).is_ok());
    let _a = member(&ticks, "a");
    assert_eq!(ticks.counters().accepted, 1, "no lock is held");
}

#[test]
fn an_authorizer_that_blocks_holds_up_neither_publish_nor_close() {
    let (asked, asking) = std::sync::mpsc::channel();
    let (_held, block) = std::sync::mpsc::channel::<()>();
    let (asked, block) = (Mutex::new(asked), Mutex::new(block));
    let ticks = bind(builder().authorizer(move |_: &Candidate<'_>| {
        let _ = asked.lock().expect("no panic").send(());
        let _ = block.lock().expect("no panic").recv();
        Ok(())
    }));
    let _a = connect(&ticks, Subscriber::builder("a").subscribe("T"));
    let asked = asking.recv_timeout(Duration::from_secs(20));
    assert_eq!(asked, Ok(()), "it is asked, and blocks");
    ticks.publish("T", "1").expect("accepted");
    assert_eq!(ticks.member_count(), 0);
    let deadline = after_ms(100);
    let report = ticks.close_by(deadline, Quorum::All);
    assert!(Instant::now() < deadline + Duration::from_millis(250));
    assert!(!report.is_drained(), "{report}");
}

/// A DEALER that says what no subscriber of ours would.
struct Stranger {
    dealer: Socket,
    session: SessionId,
    serial: u64,
}

impl Stranger {
    fn new(registry: &Registry, ticks: &Publisher, session: u128) -> Self {
        let dealer = registry.socket(zmq::DEALER).open().expect("a socket");
        dealer.set_rcvtimeo(20_000).expect("settable");
        dealer.connect(ticks.control_endpoint()).expect("connected");
        Self {
            dealer,
            session: SessionId::from_u128(session),
            serial: 0,
        }
    }

    fn say(&mut self, epoch: Epoch, body: &ToPublisher) {
        self.serial += 1;
        let session = self.session;
        let frame = body.encode(&Header { epoch, session }, self.serial);
        self.dealer.send(&frame[..], 0).expect("sent");
    }

    fn hello(&mut self, name: &str) {
        let hello = Hello {
            nonce: Nonce::from_u128(7),
            level: Level::Processed,
            name: name.to_owned(),
            credentials: Bytes::from_static(b"secret"),
            prefixes: vec![Bytes::from_static(b"EUR")],
        };
        self.say(Epoch::UNKNOWN, &ToPublisher::Hello(hello));
    }

    fn hear(&self) -> (Header, ToSubscriber) {
        let frame = self.dealer.recv_bytes(0).expect("an answer");
        ToSubscriber::decode(&frame.into()).expect("a whole frame")
    }
}

#[test]
fn prefixes_that_a_member_adds_are_judged_with_its_credentials() {
    let (builder, events) = Events::of(builder().authorizer(|candidate: &Candidate<'_>| {
        assert_eq!(candidate.credentials(), b"secret");
        let prefixes = candidate.prefixes().iter();
        match prefixes.clone().all(|prefix| prefix.starts_with(b"EUR")) {
            true => Ok(()),
            false if candidate.is_member() => Err(Denied::new("EUR alone")),
            false => panic!("it joined with EUR"),
        }
    }));
    let ticks = bind(builder);
    let registry = Registry::new();
    let mut peer = Stranger::new(&registry, &ticks, 1 << 64);
    // Its private topic is read by nobody; the first member's WELCOME has the number 1.
    peer.hello("risk-1");
    eventually("it is a candidate", || ticks.counters().hellos == 1);
    // Only a frame of the right epoch makes it a member: the answer to a wrong one tells it.
    peer.say(Epoch::from_u128(1), &ToPublisher::Beat);
    let (header, answer) = peer.hear();
    assert_eq!(answer, ToSubscriber::Unknown);
    let epoch = header.epoch;
    peer.say(epoch, &ToPublisher::Joined { welcome: 1 });
    assert_eq!(peer.hear().1, ToSubscriber::Member);
    assert!(matches!(events.next(), Event::Joined { .. }));
    for (number, prefix, why) in [
        (1, &b"USD"[..], Some(Refusal::NotAuthorized)),
        (2, b"EURUSD", None),
        (3, b"", Some(Refusal::NotAuthorized)),
    ] {
        let prefixes = vec![Bytes::copy_from_slice(prefix)];
        let change = Change { number, prefixes };
        peer.say(epoch, &ToPublisher::Subscribe(change));
        if let Some(why) = why {
            let change = number;
            assert_eq!(peer.hear().1, ToSubscriber::Refused { change, why });
            assert_eq!(events.next(), refused("risk-1"));
        }
    }
    let counters = ticks.counters();
    assert_eq!((counters.granted, counters.denied), (1, 2));
    ticks.publish("USDJPY", "1").expect("accepted");
    assert_eq!(ticks.counters().unowed, 1, "it was not granted");
    ticks.publish("EURUSD", "2").expect("accepted");
    assert_eq!(ticks.counters().unowed, 1);
}

#[test]
fn without_zap_nobody_has_a_user_id_and_names_that_need_one_are_denied() {
    let ticks = bind(builder().authorizer(UserIdIsName));
    let registry = Registry::new();
    let mut peer = Stranger::new(&registry, &ticks, 2 << 64);
    peer.hello("risk-1");
    let why = Refusal::NotAuthorized;
    assert_eq!(peer.hear().1, ToSubscriber::Refused { change: 0, why });
    assert_eq!(ticks.counters().denied, 1);
}
