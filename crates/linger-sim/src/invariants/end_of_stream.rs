//! **An end of stream is the end of the stream.**
//!
//! Judged when a subscriber says so: its library was handed all that its session was owed.

use super::ensure;
use crate::ledger::{Ledger, Session};

/// A session says that all that was published has been handed out.
pub(crate) fn announced(ledger: &Ledger, session: &Session) -> Result<(), String> {
    let Some(membership) = &session.membership else {
        return Err("the end of a stream that it never joined".to_owned());
    };
    for (topic, _) in membership.periods.iter() {
        for (base, last) in ledger.owed(membership, topic) {
            ensure(last < base || session.has_received_to(topic, last), || {
                format!("ended without {base} to {last} of topic {topic}")
            })?;
        }
    }
    Ok(())
}
