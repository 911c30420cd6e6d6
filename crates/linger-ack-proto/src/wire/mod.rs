//! Every frame, byte by byte, as `SPEC.md` has it. All integers are big-endian.
//!
//! | where it travels | what it is | here |
//! |---|---|---|
//! | PUB → SUB, data | an envelope, then the payload as a frame of its own | [`Envelope`] |
//! | PUB → SUB, data | several messages of one topic in one | [`BatchEnvelope`], [`Members`] |
//! | PUB → SUB, private | 0xFF, the nonce, then a [header](Header) and its body, one frame | [`InBand`] |
//! | DEALER → ROUTER | a header and its body, one frame | [`ToPublisher`] |
//! | ROUTER → DEALER | a header and its body, one frame | [`ToSubscriber`] |
//!
//! A header is `L`, `G`, version, kind, epoch (16 bytes), session (16 bytes): 36 bytes. On a private
//! topic the session is zeros, since anyone can read the data connection. In what a subscriber
//! sends, a serial follows (8 bytes), which grows by one with each frame of a
//! session: so a publisher can tell which connection is the younger.

mod batch;
mod envelope;
mod header;
mod in_band;
mod reader;
mod to_publisher;
mod to_subscriber;

pub use batch::{BATCH_TRAILER_LEN, BatchEnvelope, MEMBER_OVERHEAD, Members, push_member};
pub use envelope::{ENVELOPE_OVERHEAD, Envelope, TRAILER_LEN};
pub use header::{HEADER_LEN, Header, VERSION};
pub use in_band::{
    Changed, InBand, PRIVATE_LEN, Part, TopicEntry, Welcome, is_private, split_private,
};
pub use reader::WireError;
pub use to_publisher::{Change, Hello, Mark, ToPublisher, TopicRange};
pub use to_subscriber::{Refusal, Repair, ToSubscriber};
