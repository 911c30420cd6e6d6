//! Child processes, a relay that cuts and delays, free ports: what the tests break things with.
#![forbid(unsafe_code)]
