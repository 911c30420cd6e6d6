//! Publishers whose members acknowledge what they processed: the cure for much that is lost.

use std::time::Instant;

use linger::linger_ack::{Delivery, PublisherBuilder};
use linger::{Publisher, Quorum, Subscriber};

use super::bounded::Call;
use super::error::LabError;
use super::wire::SOON;

/// For endpoints whose port the kernel chooses.
pub(crate) const ANY: &str = "tcp://127.0.0.1:*";

/// A publisher with the default settings.
pub(crate) fn publisher() -> Result<Publisher, LabError> {
    Ok(Publisher::builder("ticks").bind(ANY, ANY)?)
}

/// A member that processes all that it gets on a thread of its own.
#[derive(Debug)]
pub(crate) struct Member {
    call: Call<Result<u64, LabError>>,
}

impl Member {
    /// One that has joined this publisher, for all topics.
    pub(crate) fn of(publisher: &Publisher) -> Result<Self, LabError> {
        let all = Subscriber::builder("member").subscribe("");
        let (data, control) = (publisher.data_endpoint(), publisher.control_endpoint());
        let member = Self::take(all.connect(data, control)?)?;
        publisher.wait_for_members(1, Instant::now() + SOON)?;
        Ok(member)
    }

    /// Takes what this one is given from now on.
    pub(crate) fn take(subscriber: Subscriber) -> Result<Self, LabError> {
        let call = Call::start("member", move || process(&subscriber))?;
        Ok(Self { call })
    }

    /// How many messages it processed, once the stream has ended.
    pub(crate) fn processed(self) -> Result<u64, LabError> {
        self.call.must_return(SOON)?.0
    }
}

/// A publisher and its one member, which processes all that it gets on a thread of its own.
pub(crate) struct Acked {
    pub(crate) publisher: Publisher,
    member: Member,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drained {
    /// What the report says.
    pub(crate) is_drained: bool,
    /// What the member processed.
    pub(crate) processed: u64,
}

impl Acked {
    /// Binds it, and waits for the member.
    pub(crate) fn start(publisher: PublisherBuilder) -> Result<Self, LabError> {
        let publisher = publisher.bind(ANY, ANY)?;
        let member = Member::of(&publisher)?;
        Ok(Self { publisher, member })
    }

    /// Publishes so many messages with that payload, and closes.
    pub(crate) fn send(self, count: u64, payload: &[u8]) -> Result<Drained, LabError> {
        for _ in 0..count {
            self.publisher.publish("t", payload)?;
        }
        let report = self.publisher.close_by(Instant::now() + SOON, Quorum::All);
        Ok(Drained {
            is_drained: report.is_drained(),
            processed: self.member.processed()?,
        })
    }
}

/// Processes and acknowledges deliveries until they end; how many there were.
pub(crate) fn process(subscriber: &Subscriber) -> Result<u64, LabError> {
    let mut count = 0;
    for delivery in subscriber.deliveries() {
        count += 1;
        Delivery::ack(delivery?);
    }
    let _ = subscriber.close_by(Instant::now() + SOON);
    Ok(count)
}
