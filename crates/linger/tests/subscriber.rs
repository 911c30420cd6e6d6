//! A service that subscribes: what its subscriber can be told, and how it leaves.
#![cfg(feature = "ack")]

use linger::{Coordinator, Level, Phases, Publisher, Quorum, Service};
use std::time::{Duration, Instant};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[test]
fn a_services_subscriber_hears_two_publishers_and_is_given_again_what_it_let_go() {
    let coordinator = Coordinator::builder()
        .phases(Phases::zmq_service())
        .budget(Duration::from_secs(10));
    let service = Service::builder("risk").coordinator(coordinator).start();
    let service = service.expect("started");
    let publishers = ["a", "b"].map(|name| {
        let publisher = Publisher::builder(name).bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
        publisher.expect("bound")
    });
    let [first, second] = &publishers;
    let ticks = service
        .subscriber("risk-1")
        .subscribe("T")
        .level(Level::Processed)
        .credentials("sesame")
        .redeliveries(1)
        .publisher(first.data_endpoint(), first.control_endpoint())
        .adjust(|builder| builder.queue(16))
        .connect(second.data_endpoint(), second.control_endpoint())
        .expect("connected");
    assert!(ticks.wait_until_member(soon()));
    for publisher in &publishers {
        publisher.publish("T", "1").expect("accepted");
        let delivery = ticks.next_by(soon()).expect("nothing is gone");
        let delivery = delivery.expect("in time");
        assert_eq!(delivery.publisher(), publisher.data_endpoint());
        assert!(delivery.abandon());
        let again = ticks.next_by(soon()).expect("nothing is gone");
        let again = again.expect("it comes again");
        assert_eq!(again.attempt(), 2);
        again.ack();
    }
    service.shutdown();
    let report = service.run_blocking();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.subscribers.len(), 1);
    assert_eq!(report.subscribers[0].links.len(), 2);
    for publisher in &publishers {
        let report = publisher.close_by(soon(), Quorum::All);
        assert!(report.is_drained(), "{report}");
    }
}
