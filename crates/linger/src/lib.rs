//! Stop a ZeroMQ service without losing a message and without hanging.
#![forbid(unsafe_code)]
