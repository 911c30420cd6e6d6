//! The context of a registry: made with its closer thread for whoever needs it first.

use std::io;
use std::mem;
use std::sync::Arc;

use crate::bell::Bell;
use crate::closer::Closer;
use crate::shared::{Gate, Shared};
use crate::table::ContextStage;

/// Why there is none.
#[derive(Debug)]
pub(crate) enum NoContext {
    /// The system refused something.
    System(io::Error),
    /// The closer thread could not be started.
    Thread(io::Error),
}

/// The context, with a closer thread that runs.
pub(crate) fn running<'a>(
    shared: &Arc<Shared>,
    gate: &'a mut Gate<zmq::Context>,
) -> Result<&'a zmq::Context, NoContext> {
    match &mut gate.context {
        Some(context) => Ok(context),
        empty => {
            let context = make(shared)?;
            shared.context_is(ContextStage::Running);
            Ok(empty.insert(context))
        }
    }
}

fn make(shared: &Arc<Shared>) -> Result<zmq::Context, NoContext> {
    if shared.bell.get().is_none() {
        let bell = Bell::new().map_err(NoContext::System)?;
        shared.bell.get_or_init(|| bell);
    }
    let mut context = zmq::Context::new();
    // `zmq` does not look whether libzmq made one, which it can't without file descriptors.
    context
        .get_io_threads()
        .map_err(|_| NoContext::System(io::Error::other("libzmq made no context")))?;
    if !shared.lends {
        // The clone that keeps `zmq` from ending the context in a destructor, on whatever thread
        // that runs: for ever, as the closer thread's `destroy` says.
        mem::forget(context.clone());
    }
    if let Err(source) = Closer::spawn(shared, context.clone()) {
        if !shared.lends {
            // Without a socket it has no threads yet, and this can't wait.
            let _ = context.destroy();
        }
        return Err(NoContext::Thread(source));
    }
    Ok(context)
}
