//! Workers that take deliveries from several threads, and acknowledge out of order.

use crate::common::{connect, publisher, soon};
use linger_ack::{Delivery, Publisher, Quorum, Subscriber};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

const MESSAGES: u32 = 3_000;

/// Which message it is: its publisher's endpoint and its payload.
type Message = (String, Vec<u8>);

/// How many times each message was acknowledged.
type Done = Mutex<BTreeMap<Message, u32>>;

/// Acknowledges what it holds, the last first. Of the first attempts some are let go.
fn finish(held: &mut Vec<Delivery>, done: &Done) {
    for delivery in held.drain(..).rev() {
        if delivery.attempt() == 1 && delivery.sequence() % 7 == 0 {
            assert!(delivery.abandon());
            continue;
        }
        let message = (delivery.publisher().to_owned(), delivery.payload().to_vec());
        // Counted before the acknowledgement, as an application does with its work.
        *done.lock().expect("no panic").entry(message).or_default() += 1;
        delivery.ack();
    }
}

fn work(subscriber: &Subscriber, batch: usize, done: &Done) {
    let mut held = Vec::new();
    while !subscriber.is_at_end() {
        // With something in hand, it does not wait for more.
        let deadline = match held.is_empty() {
            true => soon(),
            false => std::time::Instant::now(),
        };
        match subscriber.next_by(deadline).expect("nothing is gone") {
            Some(delivery) => held.push(delivery),
            None => finish(&mut held, done),
        }
        if held.len() >= batch {
            finish(&mut held, done);
        }
    }
}

fn feed(publisher: &Publisher) -> linger_ack::Outcome {
    for number in 0..MESSAGES {
        let topic = ["T/0", "T/1", "T/2"][number as usize % 3];
        publisher
            .publish(topic, &number.to_be_bytes())
            .expect("accepted");
    }
    publisher.close_by(soon(), Quorum::All).outcome
}

#[test]
pub(crate) fn a_pool_of_workers_processes_what_two_publishers_send_each_message_once() {
    let publishers = [publisher(), publisher()];
    let builder = Subscriber::builder("pool").subscribe("T").redeliveries(1);
    let builder = builder.publisher(
        publishers[0].data_endpoint(),
        publishers[0].control_endpoint(),
    );
    let subscriber = connect(builder, &publishers[1]);
    assert!(subscriber.wait_until_member(soon()));
    let done = Done::default();
    let outcomes = thread::scope(|scope| {
        for batch in [1, 3, 16, 64] {
            let (subscriber, done) = (&subscriber, &done);
            scope.spawn(move || work(subscriber, batch, done));
        }
        let feeds = publishers
            .each_ref()
            .map(|publisher| scope.spawn(move || feed(publisher)));
        feeds.map(|feed| feed.join().expect("no panic"))
    });
    assert_eq!(outcomes, [linger_ack::Outcome::Drained; 2]);
    let done = done.into_inner().expect("no panic");
    assert_eq!(done.len(), 2 * MESSAGES as usize);
    assert!(done.values().all(|times| *times == 1), "each once");
    let report = subscriber.close_by(soon());
    assert!(report.is_clean(), "{report}");
    for link in &report.links {
        assert_eq!(link.counters.delivered, u64::from(MESSAGES));
        assert!(link.counters.redelivered > 0);
    }
}

#[test]
fn threads_that_iterate_end_together_and_share_what_comes() {
    let ticks = publisher();
    let subscriber = connect(Subscriber::builder("pool").subscribe("T"), &ticks);
    assert!(subscriber.wait_until_member(soon()));
    let counts = thread::scope(|scope| {
        let workers = [(); 4].map(|()| {
            scope.spawn(|| {
                let mut count = 0;
                for delivery in subscriber.deliveries() {
                    delivery.expect("nothing is gone").ack();
                    count += 1;
                }
                count
            })
        });
        assert_eq!(feed(&ticks), linger_ack::Outcome::Drained);
        workers.map(|worker| worker.join().expect("no panic"))
    });
    assert_eq!(counts.iter().sum::<u32>(), MESSAGES);
    assert!(subscriber.close_by(soon()).is_clean());
}
