//! What a socket is called: by its owner, or by type and number.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::kind;

/// No registry opens so many sockets.
const UNREACHED: u64 = 1 << 60;

/// A socket's name.
#[derive(Clone)]
pub(crate) enum Name {
    Given(Arc<str>),
    /// Spelled when somebody asks for it: most sockets without a name of their own come and go
    /// without being mentioned.
    Numbered {
        prefix: &'static str,
        number: u64,
        spelled: OnceLock<Box<str>>,
    },
}

impl Name {
    /// Of the socket that has this number.
    pub(crate) fn numbered(prefix: &'static str, number: u64) -> Self {
        Self::Numbered {
            prefix,
            number,
            spelled: OnceLock::new(),
        }
    }

    /// The one that its owner gave it.
    pub(crate) fn given(&self) -> Option<&Arc<str>> {
        match self {
            Self::Given(name) => Some(name),
            Self::Numbered { .. } => None,
        }
    }

    /// The last number that is in use once the socket `id` bears it: the ones after it are of no
    /// name that an owner gave.
    pub(crate) fn last_id(&self, id: u64) -> u64 {
        let beyond = self.given().and_then(|name| Self::number(name));
        let beyond = beyond.filter(|&number| number < UNREACHED);
        beyond.map_or(id, |number| number.max(id))
    }

    /// The number of the socket that is called so where its owner did not name it.
    pub(crate) fn number(name: &str) -> Option<u64> {
        let (prefix, number) = name.rsplit_once('-')?;
        kind::is_prefix(prefix).then(|| number.parse().ok())?
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Given(name) => name,
            Self::Numbered {
                prefix,
                number,
                spelled,
            } => spelled.get_or_init(|| format!("{prefix}-{number}").into()),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_beyond_one_that_an_owner_uses() {
        let given = |name: &str| Name::Given(name.into());
        assert_eq!(given("push-17").last_id(3), 17);
        assert_eq!(given("push-2").last_id(3), 3);
        assert_eq!(given("order-17").last_id(3), 3);
        assert_eq!(given("push-18446744073709551615").last_id(3), 3);
        assert_eq!(Name::numbered("push", 3).last_id(3), 3);
    }

    #[test]
    fn a_numbered_name_tells_its_number() {
        let name = Name::numbered("push", 17);
        assert_eq!(&*name, "push-17");
        assert_eq!(Name::number(&name), Some(17));
        assert_eq!(Name::number("quotes"), None);
        assert_eq!(Name::number("quotes-17"), None);
        assert_eq!(Name::number("push-eu"), None);
        assert_eq!(Name::number("push-18446744073709551616"), None);
    }
}
