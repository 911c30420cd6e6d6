//! Acknowledgements that are forged, impossible, or never come: nothing is Drained by them.

mod common;

use common::beside::{Beside, WINDOW, bound};
use common::impostor::Impostor;
use linger::linger_ack::proto::wire::{Header, Mark, ToPublisher, ToSubscriber};
use linger::linger_ack::proto::{Epoch, SessionId};

const MESSAGES: u64 = 400;

/// As many topics as the publisher has.
const TOPICS: u32 = 4;

/// All of each topic, and beyond.
fn marks(processed: u64) -> Vec<Mark> {
    let mark = |number| Mark {
        number,
        received: processed,
        processed,
    };
    (1..=TOPICS).map(mark).collect()
}

fn ack(processed: u64) -> ToPublisher {
    let (whole, marks) = (true, marks(processed));
    ToPublisher::Ack { whole, marks }
}

/// The honest member has everything; the other, of the name `silent`, acknowledged nothing.
#[track_caller]
fn ends_behind(beside: Beside) {
    let stopped = beside.stop(bound(1)).behind();
    assert_eq!(stopped.accepted(), MESSAGES, "{stopped}");
    assert_eq!(stopped.unacked("silent"), MESSAGES, "{stopped}");
    assert!(stopped.text().contains("silent"), "{stopped}");
}

#[test]
fn acks_forged_for_another_session_count_for_nobody() {
    let beside = Beside::quiet(&[]);
    let silent = Impostor::member(&beside.publisher, "silent", 7);
    beside.publisher.order(&format!("publish {MESSAGES}"));
    let mut forger = Impostor::connect(&beside.publisher, 8);
    let each = MESSAGES / u64::from(TOPICS);
    let (epoch, session) = (silent.epoch, silent.session);
    // The nonce can be read by anyone; ids beside the right one can be guessed.
    let near = u128::from_be_bytes(*session.as_bytes());
    let mut sessions = vec![
        SessionId::from_bytes(*silent.nonce.as_bytes()),
        SessionId::from_bytes([0; 16]),
        SessionId::from_bytes(*epoch.as_bytes()),
    ];
    sessions.extend((1..500).map(|step| SessionId::from_u128(near ^ step)));
    for session in sessions {
        let header = Header { epoch, session };
        for forged in [ack(each), ToPublisher::Bye { marks: marks(each) }] {
            forger.say_as(header, &forged);
            assert_eq!(forger.hears(), ToSubscriber::Unknown);
        }
    }
    // The right session in another life of the publisher.
    for epoch in [Epoch::UNKNOWN, Epoch::from_u128(9)] {
        forger.say_as(Header { epoch, session }, &ack(each));
        // The answer goes to whom the session belongs to, by its latest serial.
    }
    ends_behind(beside);
    drop(silent);
}

#[test]
fn acks_beyond_what_was_sent_are_broken_and_taken_from_nobody() {
    let beside = Beside::quiet(&[]);
    let mut liar = Impostor::member(&beside.publisher, "silent", 7);
    beside.publisher.order(&format!("publish {MESSAGES}"));
    let each = MESSAGES / u64::from(TOPICS);
    let impossible = [each + 1, each * 2, 1 << 40, u64::MAX - 1];
    for processed in impossible {
        liar.say(&ack(processed));
        // One of its marks is possible, but not the whole frame.
        let mut mixed = marks(each);
        mixed[1] = marks(processed)[1];
        liar.say(&ToPublisher::Ack {
            whole: false,
            marks: mixed,
        });
        liar.say(&ToPublisher::Bye {
            marks: marks(processed),
        });
    }
    let mut unknown = marks(each);
    unknown[3].number = TOPICS + 1;
    liar.say(&ToPublisher::Ack {
        whole: true,
        marks: unknown,
    });
    let broken = 3 * impossible.len() as u64 + 1;
    let stopped = beside.stop(bound(1)).behind();
    assert_eq!(stopped.number("broken"), broken, "{stopped}");
    assert_eq!(stopped.unacked("silent"), MESSAGES, "{stopped}");
}

#[test]
fn acks_of_a_candidate_count_for_nothing() {
    let beside = Beside::quiet(&[]);
    let mut candidate = Impostor::connect(&beside.publisher, 7);
    candidate.is_welcome("silent");
    beside.publisher.order(&format!("publish {MESSAGES}"));
    let each = MESSAGES / u64::from(TOPICS);
    candidate.say(&ack(each));
    let stopped = beside.drains(bound(1));
    assert_eq!(stopped.number("broken"), 1, "{stopped}");
}

#[test]
fn a_member_that_never_acks_is_named_and_the_stop_is_by_its_deadline() {
    let beside = Beside::quiet(&[]);
    let silent = Impostor::member(&beside.publisher, "silent", 7);
    beside.publisher.order(&format!("publish {MESSAGES}"));
    ends_behind(beside);
    drop(silent);
}

#[test]
fn a_member_that_never_acks_fills_the_window_and_no_more_memory() {
    let beside = Beside::quiet(&["expiry_ms=60000"]);
    let silent = Impostor::member(&beside.publisher, "silent", 7);
    beside.publisher.say("stream 100000");
    beside.publisher.wait_until_published(1_000);
    let stopped = beside.stop(bound(1)).behind();
    let accepted = stopped.accepted();
    assert!((1_000..=WINDOW).contains(&accepted), "{stopped}");
    assert_eq!(stopped.unacked("silent"), accepted, "{stopped}");
    drop(silent);
}

#[test]
fn a_member_that_falls_silent_expires_and_the_stream_goes_on() {
    let beside = Beside::quiet(&["expiry_ms=1000"]);
    let silent = Impostor::member(&beside.publisher, "silent", 7);
    beside.publisher.say("stream 10000");
    beside.goes_on();
    let stopped = beside.stop(bound(1)).behind();
    assert_eq!(stopped.member("silent")["outcome"], "expired", "{stopped}");
    assert!(stopped.unacked("silent") > 0, "{stopped}");
    drop(silent);
}
