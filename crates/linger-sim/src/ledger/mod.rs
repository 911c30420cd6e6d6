//! What really happened, written down by those who saw it: nothing in here is what a machine
//! believes.
//!
//! | module | what it is |
//! |---|---|
//! | `run` | sequences without a gap |
//! | `epoch` | what one life of a publisher accepted, and who joined it |
//! | `periods` | from where to where a session is owed each topic |
//! | `session` | what one session's library was handed, and its application processed |

mod epoch;
mod periods;
mod run;
mod session;

pub(crate) use epoch::{EpochLedger, Lens};
pub(crate) use periods::{Period, Periods, matches};
pub(crate) use run::Run;
pub(crate) use session::{Membership, Session};

use linger_ack_proto::{Epoch, Identity, Nonce, SessionId};

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) epochs: Vec<EpochLedger>,
    pub(crate) sessions: Vec<Session>,
}

impl Ledger {
    /// The place of an epoch.
    pub(crate) fn epoch(&self, id: Epoch) -> Option<usize> {
        self.epochs.iter().rposition(|epoch| epoch.id == id)
    }

    /// The place of a session. Its number stands in its id.
    pub(crate) fn session(&self, id: SessionId) -> Option<usize> {
        let number = id.as_bytes()[8..].try_into().ok()?;
        let at = usize::try_from(u64::from_be_bytes(number)).ok()?;
        (self.sessions.get(at)?.id == id).then_some(at)
    }

    /// The place of the session that a private topic is of. Its number stands in the nonce.
    pub(crate) fn owner(&self, nonce: Nonce) -> Option<usize> {
        let number = nonce.as_bytes()[8..].try_into().ok()?;
        let at = usize::try_from(u64::from_be_bytes(number)).ok()?;
        (self.sessions.get(at)?.nonce == nonce).then_some(at)
    }

    /// The identity of the session that is written down next, of these random numbers.
    pub(crate) fn next_identity(&self, secret: u64, public: u64) -> Identity {
        let number = self.sessions.len() as u128;
        Identity {
            session: SessionId::from_u128((u128::from(secret) << 64) | number),
            nonce: Nonce::from_u128((u128::from(public) << 64) | number),
        }
    }
}
