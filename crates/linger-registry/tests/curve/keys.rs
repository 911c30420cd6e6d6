//! Keys, and sockets that show them.

use linger_registry::{Registry, Socket, zmq};

use crate::doorkeeper::DOMAIN;

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

    /// Has this socket, which is not bound yet, demand a key that the doorkeeper knows.
    pub(crate) fn guard(&self, server: &Socket) -> zmq::Result<()> {
        server.set_curve_server(true)?;
        server.set_curve_secretkey(&self.secret)?;
        server.set_zap_domain(DOMAIN)
    }

    /// Has this socket, which is not connected yet, show these to a server of that key.
    pub(crate) fn show(&self, client: &Socket, server: [u8; 32]) -> zmq::Result<()> {
        client.set_curve_serverkey(&server)?;
        client.set_curve_publickey(&self.public)?;
        client.set_curve_secretkey(&self.secret)
    }
}

/// A guarded `PULL` of this registry, and where it is bound.
pub(crate) fn guarded(registry: &Registry, keys: &Keys) -> (Socket, String) {
    let pull = registry.socket(zmq::PULL).name("in").group("in");
    let pull = pull.open().expect("opened");
    keys.guard(&pull).expect("guarded");
    pull.bind("tcp://127.0.0.1:*").expect("bound");
    let endpoint = pull.last_endpoint().expect("an endpoint");
    (pull, endpoint)
}
