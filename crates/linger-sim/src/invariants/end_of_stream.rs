//! **An end of stream is the end of the stream.**
//!
//! Judged when a subscriber says so: its library was handed all that its session was owed, and
//! whoever ended `Incomplete` never said it.

use super::accounted::owed_range;
use super::ensure;
use crate::ledger::{Ledger, Session};
use bytes::Bytes;

/// A session says that all that was published has been handed out.
pub(crate) fn announced(
    ledger: &Ledger,
    session: &Session,
    topics: &[Bytes],
) -> Result<(), String> {
    let Some(membership) = &session.membership else {
        return Err("the end of a stream that it never joined".to_owned());
    };
    for (topic, name) in topics.iter().enumerate() {
        if !session.wants(name) {
            continue;
        }
        let (base, last) = owed_range(ledger, membership, topic);
        let received = session.received_to(topic);
        ensure(last < base || received >= last, || {
            format!("ended at {received} of topic {topic}, which goes to {last}")
        })?;
    }
    Ok(())
}
