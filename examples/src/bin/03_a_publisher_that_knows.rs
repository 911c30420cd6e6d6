//! Acknowledgements alone: a publisher, two subscribers, and a report of who has what.
//!
//! One of the subscribers gives up half-way. Run it, and read what the publisher knows of that.
#![forbid(unsafe_code)]

use linger::linger_ack::{DeliveryError, Error};
use linger::{Outcome, Publisher, Quorum, Subscriber};
use std::thread;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ticks = Publisher::builder("ticks").bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")?;
    let subscribers = [("risk-1", 100), ("audit-1", 50)].map(|(name, patience)| {
        let data = ticks.data_endpoint().to_owned();
        let control = ticks.control_endpoint().to_owned();
        thread::spawn(move || consume(name, patience, &data, &control))
    });
    ticks.wait_for_members(2, Instant::now() + Duration::from_secs(5))?;
    for n in 0..100u32 {
        ticks.publish("EURUSD", format!("1.08{n:02}"))?; // Err(WindowFull(message)) at the limit
    }
    let report = ticks.close_by(Instant::now() + Duration::from_secs(2), Quorum::All);
    println!("{report}");
    assert_eq!(report.outcome, Outcome::Behind); // audit-1 left with 50 not processed

    for subscriber in subscribers {
        let processed = subscriber.join().map_err(|_| "a subscriber panicked")??;
        println!("{processed} processed");
    }
    Ok(())
}

/// Processes what comes, until the end of stream or of its patience.
fn consume(name: &str, patience: u32, data: &str, control: &str) -> Result<u32, Error> {
    let ticks = Subscriber::builder(name)
        .subscribe("EUR")
        .connect(data, control)?;
    let mut processed = 0;
    for delivery in ticks.deliveries() {
        match delivery {
            Ok(delivery) if processed < patience => {
                processed += 1;
                delivery.ack(); // nothing else counts
            }
            Ok(_) => break,
            Err(DeliveryError::Gone { from, to, .. }) => println!("{from} to {to} are gone"),
            Err(error) => return Err(error.into()),
        }
    }
    let report = ticks.close_by(Instant::now() + Duration::from_secs(2));
    println!("{report}");
    Ok(processed)
}
