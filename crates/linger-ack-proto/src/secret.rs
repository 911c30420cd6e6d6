//! What stays out of logs.

use bytes::Bytes;
use std::fmt;

/// Bytes of which debug output shows only how many they are.
#[derive(Clone, Default)]
pub(crate) struct Secret(pub(crate) Bytes);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::Hello;
    use crate::{Level, Nonce, SessionId, SubscriberConfig};
    use bytes::Bytes;

    #[test]
    fn credentials_are_counted_in_debug_output_and_not_shown() {
        let secret = Bytes::from_static(b"hunter2");
        let hello = Hello {
            nonce: Nonce::from_u128(1),
            level: Level::Processed,
            name: "risk-1".to_owned(),
            credentials: secret.clone(),
            prefixes: Vec::new(),
        };
        let mut config = SubscriberConfig::new("risk-1").expect("a name");
        config.credentials = secret;
        let request = crate::Request {
            name: hello.name.clone(),
            credentials: hello.credentials.clone(),
            level: hello.level,
            prefixes: Vec::new(),
            is_member: false,
        };
        let shown = [
            format!("{hello:?}"),
            format!("{config:?}"),
            format!("{request:?}"),
        ];
        for shown in shown {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("<7 bytes>") && shown.contains("risk-1"));
        }
    }

    #[test]
    fn of_a_session_debug_output_shows_only_the_end() {
        let session = SessionId::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        assert_eq!(format!("{session:?}"), "SessionId(…89abcdef)");
        assert_eq!(session.to_string(), "0123456789abcdef0123456789abcdef");
    }
}
