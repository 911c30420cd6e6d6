//! Stops a made-up service, in which not everything goes well, and prints the report as JSON.
//!
//! ```text
//! cargo run -p linger-coordinator --features serde --example saved_report > report.json
//! cargo xtask report report.json --out report.svg
//! ```

use std::error::Error;
use std::thread;
use std::time::Duration;

use linger_coordinator::{Coordinator, Member, Phase, Phases, Reason};

/// Beside the work, which needs nothing of it.
const CACHE: Phase = Phase::new("cache");

const fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn main() -> Result<(), Box<dyn Error>> {
    let stop = Coordinator::builder()
        .phases(
            Phases::new()
                .then(Phase::READINESS.propagation(ms(250)))
                .then(Phase::INTAKE.cap(ms(800)))
                .then(Phase::WORK.cap(ms(1500)))
                .then(CACHE.after([Phase::INTAKE]))
                .then(
                    Phase::TELEMETRY
                        .reserve(ms(700))
                        .after([Phase::WORK, CACHE]),
                ),
        )
        .budget(ms(4000))
        .start()?;

    // Each takes this long from when its phase begins.
    let works = |name: &'static str, phase, time| {
        stop.spawn_blocking(name, phase, move |member| {
            member.wait();
            thread::sleep(ms(time));
            member.note(format_args!("{} of {} batches", time / 20, time / 20));
            Ok(())
        })
    };
    works("readiness endpoint", Phase::READINESS, 40)?;
    works("http", Phase::INTAKE, 420)?;
    works("grpc", Phase::INTAKE, 180)?;
    works("feed", Phase::INTAKE, 655)?;
    works("sessions", CACHE, 480)?;
    works("orders", Phase::WORK, 350)?;
    works("journal", Phase::WORK, 1260)?;
    works("traces", Phase::TELEMETRY, 120)?;

    stop.spawn_blocking("prices", CACHE, |member| {
        member.wait();
        thread::sleep(ms(210));
        Err("3 entries could not be written: no space left".into())
    })?;
    stop.spawn_blocking("uploads", Phase::WORK, |member| {
        member.wait();
        drains_until_forced(&member);
        Ok(())
    })?;
    stop.spawn_blocking("legacy sync", Phase::WORK, |member| {
        member.note("waits for the other side");
        // Nothing can end a closure that heeds nobody.
        loop {
            thread::park();
        }
    })?;
    stop.blocking_hook("flush metrics", Phase::TELEMETRY, |member| {
        thread::sleep(ms(310));
        member.note("1,204 series");
        Ok(())
    })?;

    stop.trigger(Reason::Signal(15));
    println!("{}", serde_json::to_string_pretty(&stop.wait_blocking())?);
    Ok(())
}

fn drains_until_forced(member: &Member) {
    let mut sent = 0;
    while !member.is_forced() {
        thread::sleep(ms(30));
        sent += 1;
        member.note(format_args!("{sent} of 120 files"));
    }
}
