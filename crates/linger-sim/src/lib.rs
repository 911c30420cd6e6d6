//! One seed, one simulated network, invariants one a file: what tries to break linger's protocol.
//!
//! Publishers and subscribers of `linger-ack-proto` are driven as their contracts ask for, over a
//! network and a clock that one seed decides. Faults of every kind come for a while; then there
//! are none, and all must heal. What applications really processed is written into a ledger by
//! those who saw it, and everything that a machine says is judged by that, never by what another
//! machine believes.
//!
//! | module | what it is |
//! |---|---|
//! | `rng`, `schedule`, `trace` | randomness, virtual time, and the hash of all that happened |
//! | `plan` | what a seed decides before anything happens |
//! | `network` | PUB and SUB, DEALER and ROUTER, as a driver sees them |
//! | `world` | the processes, their applications, and who watches them |
//! | `chaos`, [`faults`](Fault) | what goes wrong |
//! | `ledger`, `payload` | what really happened |
//! | `invariants` | what must always hold, one idea a file |
//! | [`life`](live) | the phases of one seed |
//! | `planted` | bugs that are planted, behind `--cfg linger_planted`: what catches each |
//! | [`runner`](run) | many seeds, on all cores |
#![forbid(unsafe_code)]

mod chaos;
mod faults;
mod invariants;
mod ledger;
mod life;
mod network;
mod payload;
mod plan;
#[cfg(linger_planted)]
mod planted;
mod rng;
mod runner;
mod schedule;
mod trace;
mod world;

pub use faults::{Fault, FaultCounts};
pub use invariants::{Invariant, Violation};
pub use life::{Outcome, live};
#[cfg(linger_planted)]
pub use planted::{Caught, catch};
pub use runner::{Summary, run};
