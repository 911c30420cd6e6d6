//! The subscriber for tasks: on a current-thread runtime, where whoever blocks, blocks all.

use crate::common::{config, connect, publisher, publisher_with, soon};
use futures_core::Stream;
use linger_ack::linger_registry::Registry;
use linger_ack::{AsyncSubscriber, DeliveryError, Publisher, Quorum, SubscribeError, Subscriber};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::task::{LocalSet, yield_now};

fn subscriber(ticks: &Publisher, name: &str) -> AsyncSubscriber {
    connect(Subscriber::builder(name).subscribe("T"), ticks).into_async()
}

/// Runs a test beside another task that goes on ticking; it is given the count of its ticks.
fn beside_a_ticker<F: Future<Output = ()>>(test: impl FnOnce(Rc<Cell<u64>>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let ticks = Rc::new(Cell::new(0));
    LocalSet::new().block_on(&runtime.expect("a runtime"), async {
        let ticking = Rc::clone(&ticks);
        let ticker = tokio::task::spawn_local(async move {
            loop {
                ticking.set(ticking.get() + 1);
                yield_now().await;
            }
        });
        test(ticks).await;
        ticker.abort();
    });
}

/// Publishes so many messages on T, the payload the number, then closes.
fn feed(publisher: &Publisher, messages: u32) -> thread::JoinHandle<bool> {
    let publisher = publisher.clone();
    thread::spawn(move || {
        for number in 0..messages {
            publisher
                .publish("T", &number.to_be_bytes())
                .expect("accepted");
        }
        publisher.close_by(soon(), Quorum::All).is_drained()
    })
}

fn number(delivery: &linger_ack::Delivery) -> u32 {
    u32::from_be_bytes(delivery.payload()[..].try_into().expect("four"))
}

#[test]
fn a_stream_that_is_always_ready_lets_others_have_their_turn() {
    const MESSAGES: u32 = 20_000;
    beside_a_ticker(|ticks| async move {
        let publisher = publisher();
        let subscriber = subscriber(&publisher, "a");
        assert!(subscriber.wait_until_member(soon()).await);
        let feeding = feed(&publisher, MESSAGES);
        let mut deliveries = pin!(subscriber.deliveries());
        let (mut count, mut in_a_row, mut last_tick) = (0, 0, ticks.get());
        while let Some(delivery) = poll_fn(|cx| deliveries.as_mut().poll_next(cx)).await {
            let delivery = delivery.expect("nothing is gone");
            assert_eq!(number(&delivery), count, "in order, each once");
            delivery.ack();
            count += 1;
            in_a_row = match last_tick == ticks.get() {
                true => in_a_row + 1,
                false => 0,
            };
            last_tick = ticks.get();
            assert!(in_a_row <= 130, "the others are starved");
        }
        assert_eq!(count, MESSAGES);
        let ended = poll_fn(|cx| deliveries.as_mut().poll_next(cx)).await;
        assert!(ended.is_none(), "it stays at its end");
        assert!(feeding.join().expect("no panic"));
        assert!(subscriber.close_by(soon()).await.is_clean());
    });
}

#[test]
pub(crate) fn a_next_that_is_cancelled_loses_nothing() {
    const MESSAGES: u32 = 2_000;
    beside_a_ticker(|_| async move {
        let publisher = publisher();
        let subscriber = subscriber(&publisher, "a");
        assert!(subscriber.wait_until_member(soon()).await);
        let feeding = feed(&publisher, MESSAGES);
        let (mut count, mut cancelled) = (0, 0_u64);
        loop {
            let next = tokio::select! {
                biased;
                next = subscriber.next() => next,
                () = yield_now() => {
                    cancelled += 1;
                    continue;
                }
            };
            let Some(delivery) = next else { break };
            let delivery = delivery.expect("nothing is gone");
            assert_eq!(number(&delivery), count, "in order, each once");
            delivery.ack();
            count += 1;
        }
        assert_eq!(count, MESSAGES);
        assert!(cancelled > 0);
        assert!(feeding.join().expect("no panic"));
        let report = subscriber.close_by(soon()).await;
        assert!(report.is_clean(), "{report}");
        let again = subscriber.close_by(Instant::now()).await;
        assert_eq!(report, again);
    });
}

#[test]
fn tasks_of_several_threads_share_what_comes() {
    const MESSAGES: u32 = 3_000;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build();
    let publisher = publisher();
    let subscriber = std::sync::Arc::new(subscriber(&publisher, "pool"));
    let count = runtime.expect("a runtime").block_on(async {
        assert!(subscriber.wait_until_member(soon()).await);
        let workers = [(); 4].map(|()| {
            let subscriber = std::sync::Arc::clone(&subscriber);
            tokio::spawn(async move {
                let mut count = 0;
                while let Some(delivery) = subscriber.next().await {
                    let delivery = delivery.expect("nothing is gone");
                    yield_now().await;
                    delivery.ack();
                    count += 1;
                }
                count
            })
        });
        assert!(
            tokio::task::spawn_blocking({
                let feeding = feed(&publisher, MESSAGES);
                move || feeding.join().expect("no panic")
            })
            .await
            .expect("no panic")
        );
        let mut count = 0;
        for worker in workers {
            count += worker.await.expect("no panic");
        }
        assert!(subscriber.close_by(soon()).await.is_clean());
        count
    });
    assert_eq!(count, MESSAGES);
}

#[test]
fn prefixes_and_deadlines_are_waited_for_without_a_thread() {
    beside_a_ticker(|ticks| async move {
        let publisher = publisher_with(config(|config| config.max_prefixes = 2));
        let subscriber = subscriber(&publisher, "a");
        assert_eq!(subscriber.subscribe("U"), Ok(true));
        assert_eq!(subscriber.wait_until_subscribed("U", soon()).await, Ok(()));
        assert_eq!(subscriber.subscribe("V"), Ok(true));
        let error = subscriber.wait_until_subscribed("V", soon()).await;
        assert!(matches!(error, Err(SubscribeError::Refused { .. })));
        assert_eq!(subscriber.prefixes(), ["T", "U"]);
        assert!(subscriber.unsubscribe("U"));

        let before = ticks.get();
        let late = subscriber.next_by(Instant::now() + Duration::from_millis(50));
        assert!(late.await.expect("nothing is gone").is_none());
        assert!(ticks.get() > before, "others go on meanwhile");
        publisher.publish("T", "1").expect("accepted");
        let delivery = subscriber.next_by(soon()).await.expect("nothing is gone");
        delivery.expect("in time").ack();
        let early = subscriber.next_by(Instant::now()).await;
        assert!(early.expect("nothing is gone").is_none());

        let nobody = Subscriber::builder("b").connect("tcp://127.0.0.1:1", "tcp://127.0.0.1:2");
        let nobody = nobody.expect("connected").into_async();
        let soon = Instant::now() + Duration::from_millis(20);
        assert!(!nobody.wait_until_member(soon).await);
        assert_eq!(nobody.subscribe("U"), Ok(true));
        let error = nobody.wait_until_subscribed("U", soon).await;
        assert!(matches!(error, Err(SubscribeError::Deadline { .. })));
    });
}

#[test]
fn a_stop_wakes_who_waits() {
    beside_a_ticker(|_| async move {
        let publisher = publisher();
        let subscriber = Rc::new(subscriber(&publisher, "a"));
        assert!(subscriber.wait_until_member(soon()).await);
        let waiting = tokio::task::spawn_local({
            let subscriber = Rc::clone(&subscriber);
            async move { subscriber.next().await.is_none() }
        });
        yield_now().await;
        subscriber.stop();
        assert!(waiting.await.expect("no panic"));
    });
}

/// A member whose publisher is gone without a word: leaving it takes a second.
fn forsaken() -> AsyncSubscriber {
    let registry = Registry::new();
    let publisher = Publisher::builder("p").registry(&registry);
    let publisher = publisher.bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    let publisher = publisher.expect("bound");
    let subscriber = connect(Subscriber::builder("a").subscribe("T"), &publisher);
    assert!(subscriber.wait_until_member(soon()));
    // The context ends under the publisher: no FIN, as if it had been killed.
    let _ = registry.close_by(Instant::now() + Duration::from_millis(100));
    subscriber.into_async()
}

#[test]
fn a_close_that_takes_its_time_takes_none_of_the_others() {
    beside_a_ticker(|ticks| async move {
        let subscriber = forsaken();
        let (begun, before) = (Instant::now(), ticks.get());
        let report = subscriber.close_by(soon()).await;
        assert_eq!(report.links[0].end.to_string(), "unconfirmed");
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "not the deadline"
        );
        assert!(ticks.get() - before > 100, "{} ticks", ticks.get() - before);
    });
}

#[test]
fn a_close_ends_by_its_deadline_and_a_drop_at_once() {
    beside_a_ticker(|_| async move {
        let subscriber = forsaken();
        let deadline = Instant::now() + Duration::from_millis(50);
        let report = subscriber.close_by(deadline).await;
        assert!(Instant::now() < deadline + Duration::from_millis(250));
        assert_eq!(report.links[0].end.to_string(), "pending");

        let subscriber = forsaken();
        let begun = Instant::now();
        drop(subscriber);
        assert!(begun.elapsed() < Duration::from_millis(250));
    });
}

#[test]
fn what_waits_can_go_from_thread_to_thread() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync + 'static>(_: &T) {}
    let subscriber = Subscriber::builder("a").connect("tcp://127.0.0.1:1", "tcp://127.0.0.1:2");
    let subscriber = subscriber.expect("connected").into_async();
    is_shared(&subscriber);
    is_send(&subscriber.next());
    is_send(&subscriber.next_by(soon()));
    is_send(&subscriber.deliveries());
    is_send(&subscriber.wait_until_member(soon()));
    is_send(&subscriber.wait_until_subscribed("T", soon()));
    is_send(&subscriber.close_by(soon()));
    assert_eq!(subscriber.into_blocking().name(), "a");
}

#[test]
fn sockets_that_end_under_a_task_that_waits_are_told_to_it() {
    beside_a_ticker(|_| async move {
        let publisher = publisher();
        let registry = Registry::new();
        let builder = Subscriber::builder("a").subscribe("T").registry(&registry);
        let subscriber = Rc::new(connect(builder, &publisher).into_async());
        assert!(subscriber.wait_until_member(soon()).await);
        let waiting = tokio::task::spawn_local({
            let subscriber = Rc::clone(&subscriber);
            async move { subscriber.next().await }
        });
        yield_now().await;
        let _ = registry.close_by(Instant::now() + Duration::from_millis(100));
        let error = waiting.await.expect("no panic").expect("an error");
        assert!(matches!(error, Err(DeliveryError::Terminated { .. })));
        assert!(subscriber.next().await.is_none(), "told once");
    });
}
