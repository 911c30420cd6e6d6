//! Keys, and sockets' settings made of them.

use linger_ack::{SubscriberBuilder, zmq};

/// A pair that was drawn just now.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    pub(crate) public: [u8; 32],
    pub(crate) secret: [u8; 32],
}

impl Keys {
    pub(crate) fn draw() -> Self {
        let keys = zmq::CurveKeyPair::new().expect("libzmq has CURVE");
        Self {
            public: keys.public_key,
            secret: keys.secret_key,
        }
    }

    /// Shows these to a server that is believed to have this key.
    pub(crate) fn of(&self, builder: SubscriberBuilder, server: [u8; 32]) -> SubscriberBuilder {
        builder.curve(server, self.public, self.secret)
    }
}
