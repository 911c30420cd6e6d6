//! Who sees what really happens: every frame that is handed over, every message that an
//! application is given. What is seen is written into the ledger, and judged.
//!
//! | module | what it is |
//! |---|---|
//! | `publisher` | what a publisher is handed, says and tells |
//! | `subscriber` | what a subscriber is handed, says, tells, and gives to its application |

mod publisher;
mod subscriber;

use linger_ack_proto::Delivery;

/// Whose frame a publisher was just handed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker {
    pub(super) session: usize,
    /// The number in it, if it is JOINED.
    pub(super) joined: Option<u64>,
}

/// A delivery that an application holds: its session, its topic, and itself.
pub(crate) type Held = (usize, usize, Delivery);
