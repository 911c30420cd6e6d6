//! What the registry says of an option that does not do what its name promises.

use std::time::Instant;

use linger::linger_registry::{Registry, Socket, Trap};
use linger::zmq;

use super::error::LabError;
use super::wire::{SOON, nobody};

/// The traps that the registry names on a `PUSH` whose options were set like this.
pub(crate) fn named(set: impl FnOnce(&Socket) -> zmq::Result<()>) -> Result<Vec<Trap>, LabError> {
    let registry = Registry::new();
    let socket = registry.socket(zmq::PUSH).name("trapped").open()?;
    set(&socket)?;
    socket.connect(&nobody()?)?;
    drop(socket);
    let report = registry.close_by(Instant::now() + SOON);
    let socket = report.socket("trapped");
    Ok(socket.map_or_else(Vec::new, |socket| socket.info().traps().to_vec()))
}

/// As a report would say it.
pub(crate) fn said(traps: &[Trap]) -> String {
    match traps {
        [] => "names nothing".to_owned(),
        traps => {
            let names: Vec<String> = traps.iter().map(ToString::to_string).collect();
            format!("warns of {}", names.join(", "))
        }
    }
}
