//! The network between a publisher and a subscriber, as libzmq shows it to a driver.
//!
//! | module | what it is |
//! |---|---|
//! | `lane` | one direction of a connection: in order, late, at times lost |
//! | `data` | PUB and SUB: filters that travel, a high-water mark whose credit comes late |
//! | `control` | DEALER and ROUTER: routes, full pipes, frames that outlive their connection |

mod control;
mod data;
mod lane;

pub(crate) use control::ControlLink;
pub(crate) use data::{DataLink, Frame, Sent};
pub(crate) use lane::Lane;
