//! **A member is answered on its youngest connection.**
//!
//! Judged at every frame that a publisher has for a session: it goes to where the frame with the
//! highest serial came from, however late others come up.

use super::ensure;
use crate::ledger::Session;

/// A publisher of that epoch answers a member on this route.
pub(crate) fn answered(session: &Session, epoch: usize, route: &[u8]) -> Result<(), String> {
    let Some((_, youngest)) = session.heard.get(&epoch) else {
        return Err(format!("{} is answered, and was never heard", session.name));
    };
    ensure(youngest == route, || {
        let (one, two) = (route.escape_ascii(), youngest.escape_ascii());
        format!(
            "{} is answered at {one}, and was last heard at {two}",
            session.name
        )
    })
}
