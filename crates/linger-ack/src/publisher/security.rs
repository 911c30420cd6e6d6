//! Who may connect at all: what libzmq offers, on both ports.

use crate::error::SecurityError;
use crate::security::{check_curve, check_key};
use linger_registry::{Socket, zmq};
use std::fmt;

/// What both ports ask of whoever connects.
#[derive(Clone, Default)]
pub(super) struct ServerSecurity {
    pub(super) mechanism: Option<Mechanism>,
    pub(super) zap_domain: Option<String>,
}

#[derive(Clone)]
pub(super) enum Mechanism {
    Plain,
    Curve { secret: Vec<u8> },
}

impl ServerSecurity {
    /// Says what libzmq would only refuse without a reason.
    pub(super) fn check(&self) -> Result<(), SecurityError> {
        if let Some(Mechanism::Curve { secret }) = &self.mechanism {
            check_curve()?;
            check_key("secret", secret)?;
        }
        let domain = self.zap_domain.iter();
        let mut wrong = domain.filter(|domain| domain.contains('\0') || domain.len() > 255);
        wrong.next().map_or(Ok(()), |domain| {
            let domain = domain.clone();
            Err(SecurityError::Domain { domain })
        })
    }

    /// To be called before the socket is bound.
    pub(super) fn apply(&self, socket: &Socket) -> zmq::Result<()> {
        match &self.mechanism {
            None => {}
            Some(Mechanism::Plain) => socket.set_plain_server(true)?,
            Some(Mechanism::Curve { secret }) => {
                socket.set_curve_server(true)?;
                socket.set_curve_secretkey(secret)?;
            }
        }
        match &self.zap_domain {
            None => Ok(()),
            Some(domain) => socket.set_zap_domain(domain),
        }
    }
}

/// Secrets stay out of logs.
impl fmt::Debug for ServerSecurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mechanism = self.mechanism.as_ref().map(|mechanism| match mechanism {
            Mechanism::Plain => "plain",
            Mechanism::Curve { .. } => "curve",
        });
        f.debug_struct("ServerSecurity")
            .field("mechanism", &mechanism)
            .field("zap_domain", &self.zap_domain)
            .finish()
    }
}
