//! CURVE and PLAIN, as whoever connects sets them.

use crate::error::SecurityError;
use linger_registry::Socket;
use linger_registry::zmq;
use std::fmt;

/// What the sockets of a subscriber show to those that they connect to.
#[derive(Clone)]
pub(crate) enum ClientSecurity {
    /// Nothing: libzmq's mechanism NULL.
    None,
    /// A name and a password, in the clear.
    Plain { user: String, password: String },
    /// Keys; everything is encrypted.
    Curve {
        server: Vec<u8>,
        public: Vec<u8>,
        secret: Vec<u8>,
    },
}

impl ClientSecurity {
    /// Says what libzmq would only refuse without a reason.
    pub(crate) fn check(&self) -> Result<(), SecurityError> {
        match self {
            Self::None => Ok(()),
            Self::Plain { user, password } => {
                check_text("user", user)?;
                check_text("password", password)
            }
            Self::Curve {
                server,
                public,
                secret,
            } => {
                check_curve()?;
                check_key("server", server)?;
                check_key("public", public)?;
                check_key("secret", secret)
            }
        }
    }

    /// To be called before the socket connects.
    pub(crate) fn apply(&self, socket: &Socket) -> zmq::Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Plain { user, password } => {
                socket.set_plain_username(Some(user))?;
                socket.set_plain_password(Some(password))
            }
            Self::Curve {
                server,
                public,
                secret,
            } => {
                socket.set_curve_serverkey(server)?;
                socket.set_curve_publickey(public)?;
                socket.set_curve_secretkey(secret)
            }
        }
    }
}

/// Whether the libzmq that is linked speaks CURVE.
pub(crate) fn check_curve() -> Result<(), SecurityError> {
    match zmq::has("curve") {
        Some(true) => Ok(()),
        _ => Err(SecurityError::Unsupported { mechanism: "CURVE" }),
    }
}

/// 32 bytes, or 40 characters of Z85.
pub(crate) fn check_key(which: &'static str, key: &[u8]) -> Result<(), SecurityError> {
    let is_key = match key.len() {
        32 => true,
        // libzmq takes other characters for some of these.
        40 => key
            .iter()
            .all(|c| c.is_ascii_alphanumeric() || b".-:+=^!/*?&<>()[]{}@%$#".contains(c)),
        _ => false,
    };
    match is_key {
        true => Ok(()),
        false => Err(SecurityError::Key { which }),
    }
}

fn check_text(which: &'static str, text: &str) -> Result<(), SecurityError> {
    let len = text.len();
    match (1..=255).contains(&len) {
        true => Ok(()),
        false => Err(SecurityError::Length { which, len }),
    }
}

/// Secrets stay out of logs.
impl fmt::Debug for ClientSecurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Plain { .. } => "Plain",
            Self::Curve { .. } => "Curve",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_or_40_characters_of_z85() {
        assert_eq!(check_key("server", &[0; 32]), Ok(()));
        let text = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
        assert_eq!(check_key("server", text.as_bytes()), Ok(()));
        let wrong = Err(SecurityError::Key { which: "server" });
        assert_eq!(check_key("server", &[0; 31]), wrong);
        assert_eq!(check_key("server", &[0; 40]), wrong);
        assert_eq!(
            check_key("server", text.replace('r', " ").as_bytes()),
            wrong
        );
    }

    #[test]
    fn users_and_passwords_have_1_to_255_bytes() {
        let plain = |user: &str, password: &str| ClientSecurity::Plain {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        let long = "x".repeat(255);
        assert_eq!(plain(&long, "p").check(), Ok(()));
        let longer = "x".repeat(256);
        assert_eq!(
            plain(&longer, "p").check(),
            Err(SecurityError::Length {
                which: "user",
                len: 256
            })
        );
        assert_eq!(
            plain("u", "").check(),
            Err(SecurityError::Length {
                which: "password",
                len: 0
            })
        );
    }

    #[test]
    fn no_secret_shows_in_debug_output() {
        let plain = ClientSecurity::Plain {
            user: "u".to_owned(),
            password: "hunter2".to_owned(),
        };
        assert_eq!(format!("{plain:?}"), "Plain");
    }
}
