//! A socket registry for libzmq: every socket named, every linger finite, every end observed.
#![forbid(unsafe_code)]

mod builder;
mod closer;
mod endpoint;
mod endpoint_error;
mod failure;
mod group;
mod info;
mod ipc;
mod kind;
mod last_use;
mod linger;
mod messages;
mod open_error;
mod outcome;
mod plan;
mod record;
mod registry;
mod report;
mod report_text;
#[cfg(feature = "serde")]
mod serial;
mod shared;
mod socket;
mod table;
mod text;

pub use builder::SocketBuilder;
pub use endpoint::Endpoint;
pub use endpoint_error::{BindError, ConnectError, EndpointFault};
pub use group::Group;
pub use info::{SocketInfo, SocketState};
pub use linger::DEFAULT_LINGER;
pub use messages::{Messages, MultipartMessages};
pub use open_error::OpenError;
pub use outcome::{ContextOutcome, Outcome};
pub use registry::{Registry, RegistryState};
pub use report::{Omitted, Report, SocketReport};
pub use socket::Socket;
pub use zmq;
