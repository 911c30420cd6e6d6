//! A subscriber that writes what it processed to a file, and acknowledges it then.

use crate::settings::Settings;
use crate::{Ended, tell};
use linger::Subscriber;
use serde_json::json;
use std::fs::File;
use std::io::Write as _;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) fn run(settings: &Settings) -> Ended {
    let mut builder = Subscriber::builder(settings.text("name", "subscriber"));
    builder = builder.subscribe(settings.text("prefix", ""));
    let mut publishers = settings.all("publisher").iter();
    let last = publishers
        .next_back()
        .ok_or("publisher=DATA,CONTROL is missing")?;
    for publisher in publishers {
        let (data, control) = split(publisher)?;
        builder = builder.publisher(data, control);
    }
    let (data, control) = split(last)?;
    let subscriber = builder.connect(data, control)?;
    let mut log = File::options()
        .append(true)
        .create(true)
        .open(settings.text("log", ""))?;
    let work = Duration::from_micros(settings.number("work_us", 0)?);
    tell(&json!({ "event": "connected" }));

    let (mut count, mut begun) = (0u64, Instant::now());
    for delivery in subscriber.deliveries() {
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(error) => {
                tell(&json!({ "event": "error", "text": error.to_string() }));
                continue;
            }
        };
        if count == 0 {
            begun = Instant::now();
        }
        let mut line = delivery.payload().to_vec();
        line.push(b'\n');
        log.write_all(&line)?;
        delivery.ack();
        count += 1;
        if count == 1 || count % 1_000 == 0 {
            tell(&json!({ "event": "processed", "count": count }));
        }
        // The work itself, in pieces that a clock can tell.
        let due = begun + work * u32::try_from(count)?;
        let ahead = due.saturating_duration_since(Instant::now());
        if ahead >= Duration::from_millis(2) {
            thread::sleep(ahead);
        }
    }
    let report = subscriber.close_by(Instant::now() + Duration::from_secs(2));
    tell(
        &json!({ "event": "done", "count": count, "clean": report.is_clean(), "text": report.to_string() }),
    );
    Ok(ExitCode::SUCCESS)
}

fn split(publisher: &str) -> Result<(&str, &str), String> {
    publisher
        .split_once(',')
        .ok_or_else(|| format!("not DATA,CONTROL: {publisher}"))
}
