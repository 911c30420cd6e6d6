//! A socket registry for libzmq: every socket named, every linger finite, every end observed.
#![forbid(unsafe_code)]
