//! A whole service: intake, acks, sockets, context, in one process.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger::{Coordinator, Outcome, Phase, Phases, Quorum, Service, Subscriber, zmq};
use std::thread;
use std::time::{Duration, Instant};

/// A service that leaves this process's signals and its end alone.
fn service(budget: Duration) -> Service {
    let coordinator = Coordinator::builder()
        .phases(Phases::zmq_service())
        .budget(budget);
    Service::builder("quotes")
        .coordinator(coordinator)
        .start()
        .expect("started")
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[test]
fn what_came_in_before_the_stop_goes_out_and_is_acknowledged() {
    let service = service(Duration::from_secs(10));
    let quotes = service
        .publisher("quotes")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let feed = service
        .socket(zmq::PULL)
        .name("feed")
        .phase(Phase::INTAKE)
        .open()
        .expect("open");
    feed.bind("tcp://127.0.0.1:*").expect("bound");
    let endpoint = feed.last_endpoint().expect("bound");

    let subscriber = Subscriber::builder("risk-1").subscribe("");
    let subscriber = subscriber.connect(quotes.data_endpoint(), quotes.control_endpoint());
    let subscriber = subscriber.expect("connected");
    quotes.wait_for_members(1, soon()).expect("it joins");
    let consumer = thread::spawn(move || {
        let deliveries = subscriber.deliveries();
        deliveries
            .map(|next| next.expect("nothing is gone").ack())
            .count()
    });

    let (all_in, seen) = std::sync::mpsc::channel();
    let pump = quotes.clone();
    service
        .spawn_blocking("pump", Phase::INTAKE, move |_member| {
            for (at, message) in feed.messages().enumerate() {
                pump.publish("T", &message?)?;
                if at == 999 {
                    all_in.send(())?;
                }
            }
            Ok(())
        })
        .expect("spawned");
    let context = zmq::Context::new();
    let source = context.socket(zmq::PUSH).expect("a socket");
    source.connect(&endpoint).expect("connected");
    for n in 0..1_000u32 {
        source.send(&n.to_be_bytes()[..], 0).expect("sent");
    }
    seen.recv_timeout(Duration::from_secs(20))
        .expect("all came in");

    service.shutdown();
    let report = service.run_blocking();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.exit_code(), 0);
    let acks = report.publisher("quotes").expect("closed");
    assert_eq!(
        (acks.outcome, acks.counters.accepted),
        (Outcome::Drained, 1_000)
    );
    assert_eq!(consumer.join().expect("no panic"), 1_000);
    let sockets = report.sockets.as_ref().expect("closed");
    assert!(sockets.is_clean(), "{sockets}");
    let phases: Vec<_> = report
        .shutdown
        .phases()
        .iter()
        .map(|phase| phase.phase())
        .collect();
    assert_eq!(
        phases,
        [
            "readiness",
            "intake",
            "work",
            "acks",
            "sockets",
            "context",
            "telemetry"
        ]
    );
}

#[test]
fn a_member_that_never_acknowledges_is_named_and_the_exit_code_says_so() {
    let budget = Duration::from_secs(2);
    let service = service(budget);
    let quotes = service
        .publisher("quotes")
        .quorum(Quorum::All)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let stuck = Subscriber::builder("stuck").subscribe("");
    let stuck = stuck.connect(quotes.data_endpoint(), quotes.control_endpoint());
    let stuck = stuck.expect("connected");
    quotes.wait_for_members(1, soon()).expect("it joins");
    quotes.publish("T", "never acknowledged").expect("accepted");
    let held = stuck.next_by(soon()).expect("not gone").expect("in time");
    let begun = Instant::now();
    service.shutdown();
    let report = service.run_blocking();
    assert!(begun.elapsed() < budget + Duration::from_millis(250));
    assert!(!report.is_clean());
    assert_eq!(report.exit_code(), linger_coordinator::exit::FAILED);
    let acks = report.publisher("quotes").expect("closed");
    assert_eq!(acks.outcome, Outcome::Behind);
    let member = report.shutdown.member("acks of quotes").expect("listed");
    assert!(
        member.origin().file().ends_with("service.rs"),
        "the line that made it"
    );
    let text = report.to_string();
    assert!(
        text.contains("stuck: behind, 1 owed, 1 not processed"),
        "{text}"
    );
    assert!(
        text.contains("failed: stuck behind, 1 not processed"),
        "{text}"
    );
    drop(held);
}

#[test]
fn a_subscriber_of_the_service_leaves_with_what_it_has_acknowledged() {
    let upstream = linger::Publisher::builder("upstream")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let service = service(Duration::from_secs(10));
    let ticks = service.subscriber("risk-1").subscribe("T");
    let ticks = ticks.connect(upstream.data_endpoint(), upstream.control_endpoint());
    let ticks = ticks.expect("connected");
    upstream.wait_for_members(1, soon()).expect("it joins");
    upstream.publish("T", "1").expect("accepted");
    let (taken, first) = std::sync::mpsc::channel();
    service
        .spawn_blocking("worker", Phase::INTAKE, move |_member| {
            for delivery in ticks.deliveries() {
                delivery?.ack();
                taken.send(())?;
            }
            Ok(())
        })
        .expect("spawned");
    first
        .recv_timeout(Duration::from_secs(20))
        .expect("delivered");
    service.shutdown();
    let report = service.run_blocking();
    assert!(report.is_clean(), "{report}");
    assert!(report.subscribers[0].is_clean());
    let report = upstream.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.member("risk-1").expect("named").unacked(), 0);
}

#[test]
fn what_cannot_be_is_refused_with_its_name() {
    let service = service(Duration::from_secs(5));
    let error = service
        .socket(zmq::PULL)
        .name("odd")
        .phase(Phase::TELEMETRY)
        .open();
    let text = error.expect_err("no such stop").to_string();
    assert!(text.contains("odd") && text.contains("telemetry"), "{text}");
    let first = service
        .publisher("twice")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    let first = first.expect("bound");
    let second = service
        .publisher("twice")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    assert!(second.expect_err("taken").to_string().contains("twice"));
    let taken = first.data_endpoint();
    let third = service.publisher("third").bind(taken, "tcp://127.0.0.1:*");
    assert!(third.expect_err("taken").to_string().contains(taken));
    service.shutdown();
    let report = service.run_blocking();
    assert!(report.is_clean(), "{report}");
    let late = service
        .publisher("late")
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    assert!(late.is_err());
    let budget = Service::builder("none").budget(Duration::ZERO).start();
    assert!(
        budget
            .expect_err("no budget")
            .to_string()
            .starts_with("service none")
    );
}

#[tokio::test]
async fn async_code_waits_without_blocking_and_the_report_is_the_same_again() {
    let service = service(Duration::from_secs(5));
    service
        .spawn("task", Phase::WORK, |member| async move {
            member.triggered().await;
        })
        .expect("spawned");
    service.shutdown();
    let report = service.run().await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(service.run().await.to_string(), report.to_string());
}

#[cfg(feature = "serde")]
#[test]
fn the_whole_report_is_one_json_object() {
    let service = service(Duration::from_secs(5));
    let quotes = service.publisher("quotes");
    let quotes = quotes.bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    let quotes = quotes.expect("bound");
    quotes.publish("T", "nobody is here").expect("accepted");
    service.shutdown();
    let json = serde_json::to_value(service.run_blocking()).expect("serializable");
    assert_eq!(json["service"], "quotes");
    assert_eq!(json["publishers"]["quotes"]["counters"]["accepted"], 1);
    assert_eq!(json["sockets"]["context"]["outcome"], "ended");
    assert!(json["shutdown"]["phases"].is_array(), "{json}");
}
