//! The publisher for tasks: nothing holds up a worker, and what is dropped is not accepted.

use crate::common::{after_ms, bind, member, next, soon, take};
use linger_ack::{
    AsyncPublisher, FlushError, MemberOutcome, Outcome, PublishError, Publisher, PublisherBuilder,
    Quorum, Subscriber, TopicError, WaitError,
};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, yield_now};

const LONG: Duration = Duration::from_secs(20);

fn small() -> PublisherBuilder {
    let builder = Publisher::builder("ticks").window(8, 1 << 20);
    builder.publish_limit(LONG)
}

fn fill(ticks: &AsyncPublisher) {
    while ticks.try_publish("T", "x").is_ok() {}
    assert_eq!(ticks.publisher().outstanding().messages, 8);
}

/// Counts milliseconds, if the worker comes to it: on a runtime of one thread, each call that blocks
/// shows.
fn ticker() -> (Arc<AtomicU64>, JoinHandle<()>) {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let task = tokio::spawn(async move {
        let mut interval = tokio::time::interval(Duration::from_millis(1));
        loop {
            interval.tick().await;
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (count, task)
}

/// Polls it once, as a task does that is then dropped.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Waits on a thread of its own until something holds; the runtime goes on.
async fn eventually(what: &'static str, holds: impl Fn() -> bool) {
    let limit = soon();
    while !holds() {
        assert!(Instant::now() < limit, "never: {what}");
        yield_now().await;
    }
}

#[test]
fn its_futures_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let ticks = bind(small()).into_async();
    let topic = ticks.topic("T").expect("a topic");
    is_send(&ticks.publish("T", "x"));
    is_send(&topic.publish("x"));
    is_send(&ticks.flush_by(soon(), Quorum::All));
    is_send(&ticks.close_by(soon(), Quorum::All));
    is_send(&ticks.wait_for_members(1, soon()));
    assert_eq!(
        ticks.publisher().counters().accepted,
        0,
        "nothing was polled"
    );
}

#[tokio::test]
async fn a_message_that_waits_for_room_holds_up_no_other_task() {
    let ticks = AsyncPublisher::from(bind(small()));
    let subscriber = member(ticks.publisher(), "a");
    fill(&ticks);
    let (count, ticking) = ticker();
    let waiting = {
        let ticks = ticks.clone();
        tokio::spawn(async move { ticks.publish("T", "waits").await })
    };
    eventually("others go on", || count.load(Ordering::Relaxed) > 20).await;
    assert!(!waiting.is_finished());
    next(&subscriber).ack();
    let sequence = waiting.await.expect("no panic");
    assert_eq!(sequence, Ok(9));
    ticking.abort();
    let report = ticks.close_by(after_ms(50), Quorum::All).await;
    assert_eq!(report.outcome, Outcome::Behind);
}

#[tokio::test]
async fn a_message_that_is_dropped_before_it_is_ready_was_not_accepted() {
    let ticks = bind(small()).into_async();
    let subscriber = member(ticks.publisher(), "a");
    fill(&ticks);
    {
        let mut dropped = pin!(ticks.publish("T", "dropped"));
        assert!(poll_once(dropped.as_mut()).is_pending());
    }
    take(&subscriber, 8);
    assert_eq!(ticks.publish("T", "last").await, Ok(9));
    assert_eq!(take(&subscriber, 1), ["last"]);
    let report = ticks.close_by(soon(), Quorum::All).await;
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.counters.accepted, 9);
}

#[tokio::test]
async fn tasks_are_served_in_the_order_in_which_they_came_without_those_that_left() {
    let ticks = bind(small()).into_async();
    let subscriber = member(ticks.publisher(), "a");
    fill(&ticks);
    let mut first = Box::pin(ticks.publish("T", "first"));
    let mut second = Box::pin(ticks.publish("T", "second"));
    let mut third = Box::pin(ticks.publish("T", "third"));
    let mut fourth = Box::pin(ticks.publish("T", "fourth"));
    for future in [&mut first, &mut second, &mut third, &mut fourth] {
        assert!(poll_once(future.as_mut()).is_pending());
    }
    // The one that waits for room, and one that waits for its turn.
    drop(first);
    drop(third);
    take(&subscriber, 2);
    let (fourth, second) = tokio::join!(fourth, second);
    assert_eq!((second, fourth), (Ok(9), Ok(10)));
    take(&subscriber, 6);
    assert_eq!(take(&subscriber, 2), ["second", "fourth"]);
}

#[tokio::test]
async fn what_nobody_is_owed_does_not_queue_for_room() {
    let ticks = bind(small()).into_async();
    let builder = Subscriber::builder("a").subscribe("T");
    let _stuck = crate::common::joined(crate::common::connect(ticks.publisher(), builder));
    fill(&ticks);
    let mut waits = pin!(ticks.publish("T", "waits"));
    assert!(poll_once(waits.as_mut()).is_pending());
    let mut unowed = pin!(ticks.publish("U", "unowed"));
    assert_eq!(poll_once(unowed.as_mut()), Poll::Ready(Ok(1)));
}

#[tokio::test]
async fn a_message_waits_as_long_as_it_is_told_and_is_handed_back() {
    let ticks = bind(small()).into_async();
    let _stuck = member(ticks.publisher(), "a");
    fill(&ticks);
    let topic = ticks.topic("T").expect("a topic");
    let limit = Duration::from_millis(30);
    let begun = Instant::now();
    // One waits for room, one for its turn, one not at all.
    let (one, other) = tokio::join!(
        ticks.publish_within("T", "one", limit),
        topic.publish_within("other", limit)
    );
    assert!((limit..Duration::from_secs(10)).contains(&begun.elapsed()));
    for (error, payload) in [
        (one, "one"),
        (other, "other"),
        (topic.try_publish("no"), "no"),
    ] {
        let error = error.expect_err("nobody makes room");
        assert!(matches!(error, PublishError::WindowFull(_)), "{error}");
        let message = error.into_message();
        assert_eq!(&message.topic[..], b"T");
        assert_eq!(&message.payload[..], payload.as_bytes());
    }
    let error = ticks.publish_within("T", "at once", Duration::ZERO).await;
    assert!(matches!(error, Err(PublishError::WindowFull(_))));
}

#[tokio::test]
async fn a_task_evicts_whoever_holds_the_window_for_too_long() {
    let builder = small().evict_after(Duration::from_millis(50));
    let ticks = bind(builder).into_async();
    let stuck = member(ticks.publisher(), "stuck");
    fill(&ticks);
    let begun = Instant::now();
    assert_eq!(ticks.publish("T", "goes on").await, Ok(9));
    assert!(begun.elapsed() >= Duration::from_millis(50));
    let _ = stuck.close_by(soon());
    let report = ticks.close_by(soon(), Quorum::All).await;
    let outcomes = report.members.iter().map(|member| member.outcome);
    assert_eq!(outcomes.clone().next(), Some(MemberOutcome::Evicted));
}

#[tokio::test]
async fn a_close_ends_all_waits() {
    let ticks = bind(small()).into_async();
    let _stuck = member(ticks.publisher(), "a");
    fill(&ticks);
    let waiting = ["1", "2", "3"].map(|payload| {
        let ticks = ticks.clone();
        tokio::spawn(async move { ticks.publish("T", payload).await })
    });
    let members = {
        let ticks = ticks.clone();
        tokio::spawn(async move { ticks.wait_for_members(2, soon()).await })
    };
    yield_now().await;
    let report = ticks.close_by(after_ms(100), Quorum::All).await;
    for waiting in waiting {
        let error = waiting.await.expect("no panic").expect_err("closed");
        assert!(matches!(error, PublishError::Closed(_)), "{error}");
    }
    let error = members.await.expect("no panic");
    let (joined, wanted) = (1, 2);
    assert_eq!(error, Err(WaitError::Closed { joined, wanted }));
    assert_eq!(report.counters.accepted, 8);
    assert!(matches!(ticks.topic("T"), Err(TopicError::Closed)));
}

#[tokio::test]
async fn members_are_awaited_and_flushed_while_others_go_on() {
    let ticks = bind(small()).into_async();
    let error = ticks.wait_for_members(1, after_ms(20)).await;
    let (joined, wanted) = (0, 1);
    assert_eq!(error, Err(WaitError::Deadline { joined, wanted }));
    let (counted, ticking) = ticker();
    let (data, control) = {
        let ticks = ticks.publisher();
        (
            ticks.data_endpoint().to_owned(),
            ticks.control_endpoint().to_owned(),
        )
    };
    let consumer = std::thread::spawn(move || {
        let subscriber = Subscriber::builder("a").subscribe("T");
        let subscriber = subscriber.connect(&data, &control).expect("connected");
        take(&subscriber, 1);
        let before = counted.load(Ordering::Relaxed);
        crate::common::eventually("others go on while it is flushed", || {
            counted.load(Ordering::Relaxed) > before + 20
        });
        take(&subscriber, 1);
        subscriber
    });
    ticks.wait_for_members(1, soon()).await.expect("it joins");
    let topic = ticks.topic("T").expect("a topic");
    assert_eq!(topic.publish("1").await, Ok(1));
    assert_eq!(ticks.publish("T", "2").await, Ok(2));
    ticks.flush_by(soon(), Quorum::All).await.expect("taken");
    let subscriber = consumer.join().expect("no panic");
    topic.publish("3").await.expect("accepted");
    let error = ticks.flush_by(after_ms(20), Quorum::All).await;
    assert!(
        matches!(error, Err(FlushError::Deadline { .. })),
        "{error:?}"
    );
    {
        let mut dropped = pin!(ticks.flush_by(soon(), Quorum::All));
        assert!(poll_once(dropped.as_mut()).is_pending());
    }
    take(&subscriber, 1);
    ticks.flush_by(soon(), Quorum::All).await.expect("taken");
    ticking.abort();
    drop(subscriber);
}

#[tokio::test]
async fn a_close_that_takes_long_holds_up_no_other_task_and_keeps_its_deadline() {
    let ticks = bind(small()).into_async();
    let _stuck = member(ticks.publisher(), "stuck");
    ticks.publish("T", "1").await.expect("accepted");
    let (count, ticking) = ticker();
    let deadline = after_ms(200);
    let report = ticks.close_by(deadline, Quorum::All).await;
    assert!(Instant::now() < deadline + Duration::from_millis(250));
    assert!(count.load(Ordering::Relaxed) > 20, "others went on");
    assert_eq!(report.outcome, Outcome::Behind);
    let again = ticks.close_by(soon(), Quorum::AtLeast(1)).await;
    assert!(Arc::ptr_eq(&report, &again));
    ticking.abort();
}

#[tokio::test]
async fn a_close_that_is_dropped_goes_on_by_itself() {
    let ticks = bind(small()).into_async();
    let subscriber = member(ticks.publisher(), "a");
    ticks.publish("T", "1").await.expect("accepted");
    {
        let mut dropped = pin!(ticks.close_by(soon(), Quorum::All));
        assert!(poll_once(dropped.as_mut()).is_pending());
    }
    assert!(matches!(
        ticks.try_publish("T", "2"),
        Err(PublishError::Closed(_))
    ));
    assert_eq!(take(&subscriber, 1), ["1"]);
    eventually("it has closed", || ticks.publisher().report().is_some()).await;
    let report = ticks.publisher().report().expect("closed");
    assert!(report.is_drained(), "{report}");
}

#[test]
fn neither_a_drop_nor_the_end_of_the_runtime_waits() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let ticks = bind(small()).into_async();
    let subscriber = member(ticks.publisher(), "stuck");
    ticks.try_publish("T", "1").expect("accepted");
    let closing = runtime.spawn({
        let ticks = ticks.clone();
        async move { ticks.close_by(soon(), Quorum::All).await.outcome }
    });
    // The close has begun when nothing is accepted any more.
    crate::common::eventually("it closes", || {
        matches!(ticks.try_publish("U", "2"), Err(PublishError::Closed(_)))
    });
    let begun = Instant::now();
    drop(runtime);
    drop(ticks);
    assert!(begun.elapsed() < Duration::from_secs(5), "not its deadline");
    drop(closing);
    drop(subscriber);
}
