//! The process of a publisher: nothing else is in it, so what it grows by is the publisher's.

use super::bare;
use super::shape::{AMPLE, PAYLOAD, Shape, Side};
use crate::bench::BenchError;
use crate::scenario::memory::resident;
use linger::linger_ack::{MemberOutcome, Report};
use linger::{Publisher, Quorum};
use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};
use std::{env, process, thread};

/// How many messages are published before it is looked whether all were received.
const AHEAD: u32 = 4_096;

/// Carries out what it was started for: it says where it is, how much it grew by, and how long
/// its close took; it is told by a line when to close.
///
/// # Errors
///
/// If the arguments are none, or something is missing at the end.
pub fn serves(args: &[&str]) -> Result<(), BenchError> {
    let what = || BenchError::Wrong(format!("{args:?} can't be served"));
    let shape = Shape::of_args(args).ok_or_else(what)?;
    let before = resident(process::id())?;
    match shape.side {
        Side::Bare => bare::serve(shape, before),
        Side::Ours => serve(shape, before),
    }
}

fn serve(shape: Shape, before: u64) -> Result<(), BenchError> {
    let late = Instant::now() + AMPLE;
    let [data, control] = endpoints();
    let publisher = Publisher::builder("quotes")
        .window(shape.messages.max(8), 1 << 30)
        .expiry(AMPLE)
        .configure(|config| {
            config.max_topics = config.max_topics.max(shape.topics);
            config.max_member_topics = config.max_member_topics.max(shape.topics);
            // They come all at once.
            config.max_candidates = config.max_candidates.max(2_048);
            config.hello_rate = 1_000_000;
        })
        .bind(&data, &control)?;
    // What a publisher takes by itself does not count.
    let bound = resident(process::id())?.max(before);
    say(&format!("{data} {control}"))?;
    publisher.wait_for_members(shape.members, late)?;
    let joined = resident(process::id())?;
    for number in 0..shape.topics {
        let made = publisher.topic(Shape::topic(number));
        // A topic stays, its handle is of no use here.
        drop(made.map_err(|error| BenchError::Wrong(error.to_string()))?);
    }
    let made = resident(process::id())?;
    for message in 0..shape.messages {
        publisher.publish(shape.topic_of(message), &[7; PAYLOAD][..])?;
        if shape.is_received && (message + 1) % AHEAD == 0 {
            is_received(&publisher, message + 1, late)?;
        }
    }
    if shape.is_received {
        is_received(&publisher, shape.messages, late)?;
    }
    let published = resident(process::id())?;
    say(&grown([bound, joined, made, published]))?;

    wait_for_word()?;
    let begun = Instant::now();
    let report = publisher.close_by(begun + AMPLE, Quorum::All);
    let took = begun.elapsed();
    is_whole(&report, shape)?;
    say(&took.as_nanos().to_string())
}

/// By how many bytes it grew: for members, for topics, for messages.
pub(super) fn grown(resident: [u64; 4]) -> String {
    let steps = resident.iter().zip(resident.iter().skip(1));
    let steps = steps.map(|(before, after)| after.saturating_sub(*before).to_string());
    steps.collect::<Vec<_>>().join(" ")
}

pub(super) fn say(line: &str) -> Result<(), BenchError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

pub(super) fn wait_for_word() -> Result<(), BenchError> {
    match io::stdin().lock().read_line(&mut String::new())? {
        0 => Err(BenchError::Wrong("nobody waits for it any more".to_owned())),
        _ => Ok(()),
    }
}

pub(super) fn endpoints() -> [String; 2] {
    ["data", "control"].map(|what| {
        let file = format!("linger-bench-{}-{what}.sock", process::id());
        format!("ipc://{}", env::temp_dir().join(file).display())
    })
}

/// Waits until every member has so many, and has acknowledged none.
fn is_received(publisher: &Publisher, messages: u32, late: Instant) -> Result<(), BenchError> {
    loop {
        let progress = publisher.progress();
        let mut members = progress.members.iter();
        if members.all(|member| member.received_only == u64::from(messages)) {
            return Ok(());
        }
        if Instant::now() > late {
            return Err(BenchError::Wrong(format!("not all received: {progress}")));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn is_whole(report: &Report, shape: Shape) -> Result<(), BenchError> {
    let owed = u64::from(shape.messages);
    let members = report.members.iter().filter(|member| {
        let is_here = matches!(member.outcome, MemberOutcome::Acked | MemberOutcome::Left);
        is_here && member.owed() == owed && member.unacked() == 0
    });
    match report.is_drained() && members.count() == shape.members {
        true => Ok(()),
        false => Err(BenchError::Wrong(format!(
            "not {} members with {owed} messages each\n{}",
            shape.members,
            report.summary()
        ))),
    }
}
