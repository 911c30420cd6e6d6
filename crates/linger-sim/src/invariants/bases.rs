//! **What a session is owed is fixed when it first asks, and covers all that follows.**
//!
//! Judged at every WELCOME: its bases are what came next when the HELLO was taken in that it
//! answers; it names every topic that matches and exists; repeated, it repeats them.

use super::ensure;
use crate::ledger::{EpochLedger, Session};
use bytes::Bytes;
use linger_ack_proto::wire::Welcome;

/// A publisher said a part of a WELCOME, of this number.
pub(crate) fn welcome(
    epoch: &EpochLedger,
    session: &Session,
    lens: &[u64],
    topics: &[Bytes],
    welcome: &Welcome,
) -> Result<(), String> {
    for entry in &welcome.entries {
        let Some(&topic) = epoch.numbers.get(&entry.number) else {
            return Err(format!("{entry:?} is of no topic"));
        };
        let name = &topics[topic];
        ensure(*name == entry.topic && session.wants(name), || {
            format!("{entry:?} was not asked for")
        })?;
        let base = lens.get(topic).copied().unwrap_or(0) + 1;
        ensure(entry.sequence == base, || {
            format!("{entry:?}, but it asked when {base} was next")
        })?;
    }
    if welcome.part.count == 1 {
        let matching = lens.iter().zip(topics);
        let matching = matching.filter(|(len, name)| **len > 0 && session.wants(name));
        let (named, least) = (welcome.entries.len(), matching.count());
        ensure(named >= least, || {
            format!("WELCOME names {named} topics of {least}")
        })?;
    }
    Ok(())
}
