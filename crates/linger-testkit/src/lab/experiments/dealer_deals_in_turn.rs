//! A DEALER with two peers gives each every other message.

use std::time::{Duration, Instant};

use linger::{Quorum, Subscriber, zmq};

use crate::lab::acked::{Member, publisher};
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "dealer_deals_in_turn",
    claim: "A DEALER with two peers deals in turn: each gets every other message",
    folklore: "one DEALER can acknowledge to all publishers",
    run,
};

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let total: u64 = lab.size(10_000, 1_000);
    let (to_first, to_second) = deal(total)?;

    let (first, second) = (publisher()?, publisher()?);
    let both = Subscriber::builder("member")
        .subscribe("")
        .publisher(first.data_endpoint(), first.control_endpoint());
    let member = Member::take(both.connect(second.data_endpoint(), second.control_endpoint())?)?;
    for publisher in [&first, &second] {
        publisher.wait_for_members(1, Instant::now() + SOON)?;
        for number in 0..total {
            publisher.publish("T", number.to_be_bytes().to_vec())?;
        }
    }
    let reports = [first, second].map(|it| it.close_by(Instant::now() + SOON, Quorum::All));
    let acked = reports.each_ref().map(|report| {
        let member = report.member("member");
        member.map_or(0, |member| member.owed() - member.unacked())
    });
    let heard = member.processed()?;
    let is_dealt = to_first + to_second == total && to_first.abs_diff(to_second) <= 1;
    let is_drained = reports.iter().all(|report| report.is_drained());
    Ok(Finding::new(
        is_dealt && is_drained && acked == [total; 2] && heard == 2 * total,
        format!("of {total} messages one peer got {to_first}, the other {to_second}"),
        format!(
            "`Subscriber` of two publishers has a DEALER for each: both have {} of {total} \
             acknowledged",
            acked[0].min(acked[1]),
        ),
        [
            ("sent_messages", total as f64),
            ("to_first_messages", to_first as f64),
            ("to_second_messages", to_second as f64),
            ("acked_to_first_messages", acked[0] as f64),
            ("acked_to_second_messages", acked[1] as f64),
        ],
    ))
}

fn deal(total: u64) -> Result<(u64, u64), LabError> {
    let context = zmq::Context::new();
    let first = wire::open(&context, zmq::ROUTER, 0)?;
    let second = wire::open(&context, zmq::ROUTER, 0)?;
    let dealer = wire::open(&context, zmq::DEALER, 0)?;
    dealer.connect(&wire::bind(&first)?)?;
    dealer.connect(&wire::bind(&second)?)?;
    for _ in 0..total {
        dealer.send("an acknowledgement", 0)?;
    }
    // Nothing is lost on an open connection: all of it comes to one or the other.
    let deadline = Instant::now() + SOON;
    let (mut to_first, mut to_second) = (0, 0);
    while to_first + to_second < total && Instant::now() < deadline {
        let mut both = [
            first.as_poll_item(zmq::POLLIN),
            second.as_poll_item(zmq::POLLIN),
        ];
        zmq::poll(&mut both, wire::left(Some(deadline)))?;
        to_first += wire::count(&first, total, Duration::ZERO)?;
        to_second += wire::count(&second, total, Duration::ZERO)?;
    }
    Ok((to_first, to_second))
}
