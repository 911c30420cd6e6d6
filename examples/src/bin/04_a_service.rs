//! The facade: the README's service, with its feed and its subscriber in the same process.
//!
//! It stops itself once a thousand quotes went through; a SIGTERM or Ctrl-C does the same, sooner.
#![forbid(unsafe_code)]

use linger::{BoxError, Phase, Quorum, Registry, Report, Service, Subscriber, zmq};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

fn topic_of(message: &[u8]) -> &[u8] {
    message
        .split(|&byte| byte == b',')
        .next()
        .unwrap_or_default()
}

#[tokio::main]
async fn main() -> Result<Report, Box<dyn Error>> {
    let service = Service::builder("quotes")
        .budget(Duration::from_secs(10))
        .start()?;
    let quotes = service
        .publisher("quotes")
        .quorum(Quorum::All)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")?; // closed in the phase `acks`
    let feed = service
        .socket(zmq::PULL)
        .name("feed")
        .phase(Phase::INTAKE)
        .open()?;
    feed.bind("tcp://127.0.0.1:*")?;
    let feed_at = feed.last_endpoint().ok_or("not bound")?;

    let subscriber = Subscriber::builder("risk-1").subscribe("EUR");
    let subscriber = subscriber.connect(quotes.data_endpoint(), quotes.control_endpoint())?;
    let stopper = service.clone();
    let listener = thread::spawn(move || {
        let mut processed = 0;
        for delivery in subscriber.deliveries().flatten() {
            delivery.ack();
            processed += 1;
            if processed == 1_000 {
                stopper.shutdown();
            }
        }
        processed
    });

    service.spawn_blocking("pump", Phase::INTAKE, move |_member| {
        quotes.wait_for_members(1, Instant::now() + Duration::from_secs(5))?;
        for message in feed.messages() {
            // ends when intake begins to stop
            let message = message?;
            quotes.publish(topic_of(&message), &message)?;
        }
        Ok(())
    })?;

    let over = Arc::new(AtomicBool::new(false));
    let world = {
        let over = Arc::clone(&over);
        thread::spawn(move || quote(&feed_at, &over))
    };

    let report = service.run().await;
    println!("{report}");
    let processed = listener.join().map_err(|_| "the listener panicked")?;
    println!("{processed} processed");
    over.store(true, Ordering::Relaxed);
    let outside = world.join().map_err(|_| "the source panicked")?;
    outside.map_err(|error| error.to_string())?;
    Ok(report) // Termination picks the exit code
}

/// The world outside, which knows nothing of our stop.
fn quote(feed: &str, over: &AtomicBool) -> Result<(), BoxError> {
    let registry = Registry::new();
    let source = registry.socket(zmq::PUSH).name("source").open()?;
    source.connect(feed)?;
    let mut price = 10_000;
    while !over.load(Ordering::Relaxed) {
        match source.send(format!("EURUSD,{price}").as_bytes(), zmq::DONTWAIT) {
            Ok(()) => price += 1,
            Err(zmq::Error::EAGAIN) => thread::yield_now(), // nobody takes any more
            Err(error) => return Err(error.into()),
        }
    }
    source.discard(); // what nobody took is nobody's loss
    Ok(())
}
