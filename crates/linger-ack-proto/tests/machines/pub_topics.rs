//! Publishing by a topic's number.

use crate::peer::{Bench, ms};
use bytes::Bytes;
use linger_ack_proto::{AddTopicError, Event, PublishError, PublisherConfig, TopicNumber};

fn payload(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn topic(bench: &mut Bench, name: &str) -> Result<TopicNumber, AddTopicError> {
    bench.publisher.topic(name.as_bytes())
}

#[test]
fn the_same_message_is_the_same_bytes_by_name_and_by_number() {
    for bare in [false, true] {
        let mut by_name = Bench::with(|config| config.bare_topics = bare);
        let mut by_number = Bench::with(|config| config.bare_topics = bare);
        let (mut one, mut other) = (vec![1], vec![2]);
        for name in ["EURUSD", "USDJPY", "EURUSD"] {
            let now = by_name.now;
            let sent = by_name
                .publisher
                .publish(now, name.as_bytes(), payload("x"), &mut one);
            let number = topic(&mut by_number, name).expect("a topic");
            let same = by_number
                .publisher
                .publish_to(now, number, payload("x"), &mut other);
            assert_eq!(sent, same);
            assert_eq!(sent.map(|sent| sent.number), Ok(number.to_u32()));
            assert_eq!(one, other);
        }
    }
}

#[test]
fn a_topic_is_made_once_and_owed_from_its_first_message() {
    let mut bench = Bench::with(|config| config.max_topics = 2);
    let mut peer = bench.member("a", &["t"]);
    let number = topic(&mut bench, "t").expect("a topic");
    assert_eq!(topic(&mut bench, "t"), Ok(number));
    assert_eq!(number.to_u32(), 1);
    assert_eq!(bench.retained(), 0, "nothing was published");
    assert_eq!(bench.publish("t"), 1);
    let now = bench.now;
    let sent = bench
        .publisher
        .publish_to(now, number, payload("x"), &mut Vec::new());
    assert_eq!(sent.map(|sent| sent.sequence), Ok(2));
    assert_eq!(bench.retained(), 2);
    bench.ack(&mut peer, 1, 2);
    assert_eq!(bench.retained(), 0);
    topic(&mut bench, "u").expect("another");
    let error = topic(&mut bench, "v").expect_err("one too many");
    assert_eq!(error, AddTopicError::TooMany { limit: 2 });
    assert_eq!(error.to_string(), "there are 2 topics already");
    let error = topic(&mut bench, "").expect_err("no topic");
    assert_eq!(error.to_string(), "a topic can't be empty");
}

#[test]
fn what_is_not_accepted_by_number_is_handed_back_with_its_topic() {
    let mut bench = Bench::with(|config: &mut PublisherConfig| {
        config.window_messages = 8;
        config.max_payload = 4;
    });
    let mut peer = bench.member("a", &["t"]);
    let number = topic(&mut bench, "t").expect("a topic");
    let now = bench.now;
    let publish = |bench: &mut Bench, text| {
        let publisher = &mut bench.publisher;
        let sent = publisher.publish_to(now, number, payload(text), &mut Vec::new());
        sent.map(|sent| sent.sequence)
    };
    let error = publish(&mut bench, "12345").expect_err("too large");
    assert!(matches!(error, PublishError::TooLarge { limit: 4, .. }));
    for sequence in 1..=8 {
        assert_eq!(publish(&mut bench, "x"), Ok(sequence));
    }
    let error = publish(&mut bench, "full").expect_err("eight are retained");
    assert!(matches!(error, PublishError::WindowFull(_)), "{error}");
    let message = error.into_message();
    assert_eq!(
        (&message.topic[..], &message.payload[..]),
        (&b"t"[..], &b"full"[..])
    );
    assert_eq!(bench.publisher.counters().full, 1);
    bench.ack(&mut peer, 1, 1);
    bench.pass(ms(1));
    assert!(bench.events.contains(&Event::Room));
    assert_eq!(publish(&mut bench, "x"), Ok(9));
    bench.publisher.begin_close(now);
    let error = publish(&mut bench, "late").expect_err("it closes");
    assert!(matches!(error, PublishError::Closed(_)), "{error}");
    assert_eq!(topic(&mut bench, "t"), Err(AddTopicError::Closed));
}

#[test]
fn a_number_of_no_topic_is_an_error_that_hands_the_payload_back() {
    let mut other = Bench::new();
    let number = topic(&mut other, "t").expect("a topic");
    let mut bench = Bench::new();
    let now = bench.now;
    let error = bench
        .publisher
        .publish_to(now, number, payload("x"), &mut Vec::new())
        .expect_err("it has no topics");
    let text = "there is no topic of this number, a message of 1 bytes not accepted";
    assert_eq!(error.to_string(), text);
    let message = error.into_message();
    assert_eq!((message.topic.len(), &message.payload[..]), (0, &b"x"[..]));
}

#[test]
fn what_is_too_large_or_comes_too_late_makes_no_topic() {
    let mut bench = Bench::with(|config| {
        config.max_payload = 4;
        config.max_topics = 1;
    });
    let now = bench.now;
    let publish = |bench: &mut Bench, text| {
        let publisher = &mut bench.publisher;
        let sent = publisher.publish(now, b"t", payload(text), &mut Vec::new());
        sent.map(|sent| sent.number)
    };
    let error = publish(&mut bench, "12345").expect_err("too large");
    assert!(matches!(error, PublishError::TooLarge { limit: 4, .. }));
    topic(&mut bench, "u").expect("there is room for one");
    bench.publisher.begin_close(now);
    let error = publish(&mut bench, "12345").expect_err("too late");
    assert!(matches!(error, PublishError::Closed(_)), "that comes first");
}

#[test]
fn it_is_told_whether_a_message_would_be_owed_to_anyone() {
    let mut bench = Bench::with(|config| config.durable = vec!["d".into()]);
    let owed = |bench: &Bench| ["a", "ab", "b"].map(|t| bench.publisher.is_owed(t.as_bytes()));
    assert_eq!(owed(&bench), [false; 3]);
    let mut peer = bench.member("d", &["a"]);
    assert_eq!(owed(&bench), [true, true, false], "no topic yet");
    for topic in ["a", "ab", "b"] {
        bench.publish(topic);
    }
    assert_eq!(owed(&bench), [true, true, false]);
    bench.subscribe(&mut peer, 1, &["b"]);
    bench.unsubscribe(&mut peer, 2, &["a"]);
    assert_eq!(owed(&bench), [false, false, true]);
    bench.bye(&mut peer, vec![]);
    assert_eq!(owed(&bench), [false, false, true], "it is absent");
}
