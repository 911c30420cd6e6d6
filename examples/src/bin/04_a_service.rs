//! The facade: the README's service, with its feed and its subscriber in the same process.
//!
//! It stops itself once a thousand quotes went through; a SIGTERM or Ctrl-C does the same, sooner.
#![forbid(unsafe_code)]

use linger::{BoxError, Phase, Quorum, Registry, Report, Service, Subscriber, zmq};
use std::error::Error;
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

    let outside = Registry::new();
    let over = outside.group("default");
    let world = thread::spawn(move || quote(&outside, &feed_at));

    let report = service.run().await;
    println!("{report}");
    let processed = listener.join().map_err(|_| "the listener panicked")?;
    println!("{processed} processed");
    over.stop();
    let quoted = world.join().map_err(|_| "the source panicked")?;
    quoted.map_err(|error| error.to_string())?;
    Ok(report) // Termination picks the exit code
}

/// The world outside, which knows nothing of our stop.
fn quote(outside: &Registry, feed: &str) -> Result<(), BoxError> {
    let source = outside.socket(zmq::PUSH).name("source").open()?;
    source.connect(feed)?;
    for price in 10_000.. {
        // Waits for room, where nobody takes any more, until it is all over.
        match source.send_until_stopped(format!("EURUSD,{price}")) {
            Ok(()) => {}
            Err(error) if error.is_stopped() => break,
            Err(error) => return Err(error.into()),
        }
    }
    source.discard(); // what nobody took is nobody's loss
    Ok(())
}
