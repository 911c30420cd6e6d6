//! How large a publisher is, and how a process that is started for one is told.

use std::time::Duration;

/// What a wait for anything may take.
pub(super) const AMPLE: Duration = Duration::from_secs(120);

/// The length of a payload, in bytes.
pub(super) const PAYLOAD: usize = 64;

/// Whose sockets, or memory, it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// A publisher and its members.
    Ours,
    /// The same connections between bare sockets; the same names and payloads in a map and a queue.
    Bare,
}

/// One publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) side: Side,
    pub(super) members: usize,
    pub(super) topics: u32,
    /// On all topics in turn; each member is owed all of them.
    pub(super) messages: u32,
    /// Members have received everything before the close, and their applications nothing: so what
    /// the publisher holds is what it retains, and not what its sockets have yet to send.
    pub(super) is_received: bool,
}

impl Shape {
    pub(super) fn new(members: usize, topics: u32, messages: u32) -> Self {
        Self {
            side: Side::Ours,
            members,
            topics,
            messages,
            is_received: false,
        }
    }

    pub(super) fn received(self) -> Self {
        Self {
            is_received: true,
            ..self
        }
    }

    pub(super) fn bare(self) -> Self {
        Self {
            side: Side::Bare,
            ..self
        }
    }

    /// As arguments of a process.
    pub(super) fn args(self) -> [String; 5] {
        let flag = |is: bool| u8::from(is).to_string();
        [
            flag(self.side == Side::Bare),
            self.members.to_string(),
            self.topics.to_string(),
            self.messages.to_string(),
            flag(self.is_received),
        ]
    }

    pub(super) fn of_args(args: &[&str]) -> Option<Self> {
        let [bare, members, topics, messages, received] = args else {
            return None;
        };
        Some(Self {
            side: if *bare == "1" { Side::Bare } else { Side::Ours },
            members: members.parse().ok()?,
            topics: topics.parse().ok()?,
            messages: messages.parse().ok()?,
            is_received: *received == "1",
        })
    }

    /// The topic of this number.
    pub(super) fn topic(number: u32) -> String {
        format!("topic/{number:06}")
    }

    /// The topic that a message goes to.
    pub(super) fn topic_of(self, message: u32) -> String {
        Self::topic(message % self.topics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_is_told_is_what_it_understands() {
        let shape = Shape::new(3, 20, 100);
        for shape in [shape, shape.bare(), shape.received()] {
            let args = shape.args();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            assert_eq!(Shape::of_args(&args), Some(shape));
        }
        assert_eq!(Shape::of_args(&["0", "1"]), None);
    }
}
