//! A publisher that closes, with a report.

use super::load::{AMPLE, Applications, Load, RECEIVE_MARK, TOPIC, is_next, payload};
use crate::bench::BenchError;
use linger::linger_ack::{MemberOutcome, Report};
use linger::{Publisher, Quorum, Subscriber};
use std::time::{Duration, Instant};

/// More than every backlog has.
const BYTES: u64 = 64 << 20;

/// From the call to the report, which says that everyone has processed everything.
pub(super) fn stop(load: Load) -> Result<Duration, BenchError> {
    let mut applications = Applications::default();
    let publisher = Publisher::builder("quotes")
        .window(load.window(), BYTES)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")?;
    for number in 0..load.subscribers {
        let subscriber = Subscriber::builder(format!("reader-{number}"))
            .subscribe(TOPIC)
            .receive_high_water_mark(RECEIVE_MARK)
            .connect(publisher.data_endpoint(), publisher.control_endpoint())?;
        applications.add(move |hold| {
            let mut sequences = load.sequences();
            receive(&subscriber, sequences.next())?;
            hold.has_it();
            hold.gate.pass();
            receive(&subscriber, sequences)?;
            hold.has_it();
            hold.exit.pass();
            // After the last there is none: the stream ends here.
            let late = Instant::now() + AMPLE;
            let is_over = subscriber.deliveries().next().is_none();
            let _ = subscriber.close_by(late);
            match is_over {
                true => Ok(()),
                false => Err(BenchError::Wrong("more than was published".to_owned())),
            }
        })?;
    }
    publisher.wait_for_members(load.subscribers, Instant::now() + AMPLE)?;
    let mut sequences = load.sequences();
    publish(&publisher, sequences.next())?;
    applications.told()?;
    publisher.flush_by(Instant::now() + AMPLE, Quorum::All)?;
    publish(&publisher, sequences)?;

    let begun = Instant::now();
    applications.release();
    let report = publisher.close_by(begun + AMPLE, Quorum::All);
    let took = begun.elapsed();
    applications.told()?;
    is_whole(&report, load)?;
    Ok(took)
}

fn publish(
    publisher: &Publisher,
    sequences: impl IntoIterator<Item = u32>,
) -> Result<(), BenchError> {
    for sequence in sequences {
        publisher.publish(TOPIC, &payload(sequence)[..])?;
    }
    Ok(())
}

fn receive(
    subscriber: &Subscriber,
    sequences: impl IntoIterator<Item = u32>,
) -> Result<(), BenchError> {
    let mut deliveries = subscriber.deliveries();
    for sequence in sequences {
        let Some(delivery) = deliveries.next() else {
            let what = format!("message {sequence} was not delivered");
            return Err(BenchError::Wrong(what));
        };
        let delivery = delivery?;
        is_next(delivery.payload(), sequence)?;
        delivery.ack();
    }
    Ok(())
}

/// That everyone was owed everything and has acknowledged it. Who said so with its farewell has
/// left when the report is made, who did not is still there.
fn is_whole(report: &Report, load: Load) -> Result<(), BenchError> {
    let owed = u64::from(load.backlog) + 1;
    let members = report.members.iter().filter(|member| {
        let is_here = matches!(member.outcome, MemberOutcome::Acked | MemberOutcome::Left);
        let processed = member.topics.iter().map(|topic| topic.processed);
        is_here && member.owed() == owed && member.unacked() == 0 && processed.eq([owed])
    });
    let (whole, listed) = (members.count(), report.members.len());
    match report.is_drained() && (whole, listed) == (load.subscribers, load.subscribers) {
        true => Ok(()),
        false => Err(BenchError::Wrong(format!(
            "{whole} of {} have processed {owed} messages\n{report}",
            load.subscribers
        ))),
    }
}
