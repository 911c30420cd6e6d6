//! A publisher whose member acknowledges what it processed: the cure for much that is lost.

use std::time::Instant;

use linger::linger_ack::{Delivery, PublisherBuilder};
use linger::{Publisher, Quorum, Subscriber};

use super::bounded::Call;
use super::error::LabError;
use super::wire::SOON;

/// For endpoints whose port the kernel chooses.
pub(crate) const ANY: &str = "tcp://127.0.0.1:*";

/// A publisher and its one member, which processes all that it gets on a thread of its own.
pub(crate) struct Acked {
    pub(crate) publisher: Publisher,
    member: Call<Result<u64, LabError>>,
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
        let subscriber = Subscriber::builder("member").subscribe("");
        let subscriber =
            subscriber.connect(publisher.data_endpoint(), publisher.control_endpoint())?;
        let member = Call::start("member", move || process(&subscriber))?;
        publisher.wait_for_members(1, Instant::now() + SOON)?;
        Ok(Self { publisher, member })
    }

    /// Publishes so many messages with that payload, and closes.
    pub(crate) fn send(self, count: u64, payload: &[u8]) -> Result<Drained, LabError> {
        for _ in 0..count {
            self.publisher.publish("t", payload)?;
        }
        let report = self.publisher.close_by(Instant::now() + SOON, Quorum::All);
        let (processed, _) = self.member.must_return(SOON)?;
        Ok(Drained {
            is_drained: report.is_drained(),
            processed: processed?,
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
