//! A relay in front of an endpoint, to cut or stall what goes there.

use std::net::SocketAddr;

use super::error::LabError;
use crate::relay::Relay;

/// Another way to an endpoint.
#[derive(Debug)]
pub(crate) struct Detour {
    pub(crate) relay: Relay,
    /// Where whoever shall go this way connects.
    pub(crate) endpoint: String,
}

impl Detour {
    /// To this `tcp://` endpoint on loopback.
    pub(crate) fn to(endpoint: &str) -> Result<Self, LabError> {
        let address: Result<SocketAddr, _> = endpoint.trim_start_matches("tcp://").parse();
        let address =
            address.map_err(|_| LabError::unready(format!("{endpoint} is no address")))?;
        let relay = Relay::start(address)?;
        let endpoint = format!("tcp://{}", relay.addr());
        Ok(Self { relay, endpoint })
    }
}
