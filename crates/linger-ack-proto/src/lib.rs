//! The acknowledgement protocol of linger as state machines and codec: no sockets, no threads, no clock.
#![forbid(unsafe_code)]
