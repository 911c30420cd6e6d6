//! Publisher and Subscriber over libzmq: a publisher that knows that it was heard before it closes.
#![forbid(unsafe_code)]
