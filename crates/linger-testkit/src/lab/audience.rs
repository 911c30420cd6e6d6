//! Publishers and members of `linger-ack` on loopback.

use std::time::Instant;

use linger::linger_ack::SubscriberBuilder;
use linger::{Publisher, Subscriber};

use super::bounded::Call;
use super::error::LabError;
use super::wire::SOON;

/// Two loopback ports that the kernel chooses, for data and for control.
pub(crate) const ANYWHERE: (&str, &str) = ("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");

/// A publisher with the default settings.
pub(crate) fn publisher() -> Result<Publisher, LabError> {
    let (data, control) = ANYWHERE;
    Ok(Publisher::builder("ticks").bind(data, control)?)
}

/// A member that takes and acknowledges whatever comes, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Member {
    call: Call<Result<u64, LabError>>,
}

impl Member {
    /// Joins this publisher, for all topics.
    pub(crate) fn of(publisher: &Publisher, name: &str) -> Result<Self, LabError> {
        let all = Subscriber::builder(name).subscribe("");
        let member = Self::start(all, publisher.data_endpoint(), publisher.control_endpoint())?;
        publisher.wait_for_members(1, Instant::now() + SOON)?;
        Ok(member)
    }

    /// Connects it as it was built.
    pub(crate) fn start(
        builder: SubscriberBuilder,
        data: &str,
        control: &str,
    ) -> Result<Self, LabError> {
        Self::take(builder.connect(data, control)?)
    }

    /// Takes what this one is given from now on.
    pub(crate) fn take(subscriber: Subscriber) -> Result<Self, LabError> {
        let deadline = Instant::now() + 2 * SOON;
        let call = Call::start("member", move || {
            let mut heard = 0;
            while let Some(delivery) = subscriber.next_by(deadline)? {
                delivery.ack();
                heard += 1;
            }
            Ok(heard)
        })?;
        Ok(Self { call })
    }

    /// How many messages it was given, once the stream has ended.
    pub(crate) fn heard(self) -> Result<u64, LabError> {
        self.call.must_return(3 * SOON)?.0
    }
}
