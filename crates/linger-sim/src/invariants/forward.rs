//! **Marks, phases and stages never go back.**
//!
//! Judged at every frame that a subscriber makes: its serials grow by one, its marks never fall;
//! and after its end it says nothing.

use super::ensure;
use crate::ledger::Session;
use linger_ack_proto::wire::Mark;

/// A subscriber made a frame with this serial.
pub(crate) fn serial(session: &mut Session, serial: u64) -> Result<(), String> {
    let before = std::mem::replace(&mut session.serial, serial);
    ensure(serial == before + 1, || {
        format!("the serial {serial} follows {before}")
    })
}

/// A subscriber said these marks.
pub(crate) fn marks(session: &mut Session, marks: &[Mark]) -> Result<(), String> {
    for mark in marks {
        let (received, processed) = session.marks.get(&mark.number).copied().unwrap_or((0, 0));
        ensure(
            mark.received >= received && mark.processed >= processed,
            || format!("{mark:?} after {received} and {processed}"),
        )?;
        let now = (mark.received, mark.processed);
        session.marks.insert(mark.number, now);
    }
    Ok(())
}

/// Something came of a session that may be over.
pub(crate) fn not_after_the_end(session: &Session, what: &str) -> Result<(), String> {
    ensure(!session.has_ended, || format!("{what} after the end"))
}
