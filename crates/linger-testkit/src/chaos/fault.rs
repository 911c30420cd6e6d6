//! What can go wrong in a cycle.

/// A fault, or a setting that makes everything harder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// SIGKILL of a subscriber, which is started again under its name, or not.
    SubscriberKilled,
    /// SIGSTOP of a subscriber, and SIGCONT.
    SubscriberSuspended,
    /// SIGTERM of a subscriber, which leaves, and is started again under its name.
    SubscriberTerminated,
    /// SIGKILL of the publisher, which is started again on its ports.
    PublisherKilled,
    /// SIGSTOP of the publisher, and SIGCONT.
    PublisherSuspended,
    /// A data connection is reset; it is made anew at once.
    DataCut,
    /// A control connection is reset; it is made anew at once.
    ControlCut,
    /// Both connections are reset, and refused for a while.
    Refused,
    /// A data connection passes nothing on, and stays open.
    DataStalled,
    /// A control connection passes nothing on, and stays open.
    ControlStalled,
    /// Both connections hold everything back for a while.
    Delayed,
    /// A data connection is slow.
    Throttled,
    /// A host's link is down, and up again.
    LinkDown,
    /// A subscriber takes its time for each message.
    SlowConsumer,
    /// The publisher's kernel buffers hold 4,096 bytes each.
    SmallSendBuffer,
    /// A small window, small queues, a small RCVHWM.
    HighWaterMarkPressure,
    /// SIGTERM of the publisher while it streams; each cycle ends with it.
    SigtermInMidStream,
}

impl Fault {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 17] = [
        Self::SubscriberKilled,
        Self::SubscriberSuspended,
        Self::SubscriberTerminated,
        Self::PublisherKilled,
        Self::PublisherSuspended,
        Self::DataCut,
        Self::ControlCut,
        Self::Refused,
        Self::DataStalled,
        Self::ControlStalled,
        Self::Delayed,
        Self::Throttled,
        Self::LinkDown,
        Self::SlowConsumer,
        Self::SmallSendBuffer,
        Self::HighWaterMarkPressure,
        Self::SigtermInMidStream,
    ];

    /// What a relay between two processes does.
    pub(super) const RELAYED: [Self; 7] = [
        Self::DataCut,
        Self::ControlCut,
        Self::Refused,
        Self::DataStalled,
        Self::ControlStalled,
        Self::Delayed,
        Self::Throttled,
    ];

    /// Its name in the figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SubscriberKilled => "subscriber_killed",
            Self::SubscriberSuspended => "subscriber_suspended",
            Self::SubscriberTerminated => "subscriber_terminated",
            Self::PublisherKilled => "publisher_killed",
            Self::PublisherSuspended => "publisher_suspended",
            Self::DataCut => "data_cut",
            Self::ControlCut => "control_cut",
            Self::Refused => "refused",
            Self::DataStalled => "data_stalled",
            Self::ControlStalled => "control_stalled",
            Self::Delayed => "delayed",
            Self::Throttled => "throttled",
            Self::LinkDown => "link_down",
            Self::SlowConsumer => "slow_consumer",
            Self::SmallSendBuffer => "small_send_buffer",
            Self::HighWaterMarkPressure => "high_water_mark_pressure",
            Self::SigtermInMidStream => "sigterm_in_mid_stream",
        }
    }
}
