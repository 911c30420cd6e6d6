//! Close the socket, then terminate the context: waits until the queue was handed to the kernel.

/// The linger stays what libzmq makes it, -1: for ever.
pub(super) fn stop(socket: zmq::Socket, context: zmq::Context) -> zmq::Result<()> {
    drop(socket);
    // The last owner of the context: dropping it terminates.
    drop(context);
    Ok(())
}
