//! The ways to consume a stream.

/// How messages come to the consumer, and how it acknowledges them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) come: Come,
    pub(super) acks: Acks,
}

/// Whether the consumer asks for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Come {
    /// It does, for very many at once, and again before it has them.
    Pulled,
    /// The server sends whatever there is.
    Pushed,
}

/// What an acknowledgement counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acks {
    /// For its message alone.
    Each,
    /// For all before it, too.
    Many,
}

impl Way {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [
        Self::new(Come::Pulled, Acks::Each),
        Self::new(Come::Pulled, Acks::Many),
        Self::new(Come::Pushed, Acks::Each),
        Self::new(Come::Pushed, Acks::Many),
    ];

    const fn new(come: Come, acks: Acks) -> Self {
        Self { come, acks }
    }

    /// What stands beside ours.
    pub(super) fn peer(self) -> &'static str {
        match (self.come, self.acks) {
            (Come::Pulled, Acks::Each) => "JetStream, pull consumer, an ack each",
            (Come::Pulled, Acks::Many) => "JetStream, pull consumer, an ack for 256",
            (Come::Pushed, Acks::Each) => "JetStream, push consumer, an ack each",
            (Come::Pushed, Acks::Many) => "JetStream, push consumer, an ack for 256",
        }
    }
}
