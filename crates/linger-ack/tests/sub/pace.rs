//! When acknowledgements go out.

use crate::common::{config, connect, eventually, publisher_with, soon};
use linger_ack::{Quorum, Subscriber};
use std::thread;
use std::time::{Duration, Instant};

#[test]
pub(crate) fn an_application_that_asks_for_the_next_delivery_holds_no_acknowledgement_up() {
    // Nothing but the acknowledgement's own timer makes the subscriber speak.
    let publisher = publisher_with(config(|config| {
        config.expiry = Duration::from_secs(3_600);
        config.sync_after = Duration::from_secs(10);
    }));
    let builder = Subscriber::builder("a").subscribe("T");
    let builder = builder.configure(|config| config.ack_delay = Duration::ZERO);
    let subscriber = connect(builder, &publisher);
    thread::scope(|scope| {
        scope.spawn(|| {
            for delivery in subscriber.deliveries() {
                delivery.expect("nothing is gone").ack();
            }
        });
        assert!(subscriber.wait_until_member(soon()));
        let begun = Instant::now();
        for number in 0..300_u32 {
            publisher
                .publish("T", &number.to_be_bytes()[..])
                .expect("accepted");
            eventually("acknowledged", || publisher.outstanding().messages == 0);
        }
        // One that is held up waits 10 s, or an hour.
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert!(publisher.close_by(soon(), Quorum::All).is_drained());
    });
}
