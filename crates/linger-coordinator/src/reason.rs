//! Why a shutdown began.

use std::fmt;

/// Why a shutdown began; the first is kept as *the* reason, later ones beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Reason {
    /// A signal, by number. Signals after the first escalate: forced, then exit.
    Signal(i32),
    /// The program asked for it.
    Request,
    /// A critical member ended while the service was running.
    MemberEnded {
        /// Its name.
        name: String,
    },
    /// A member ended with an error.
    MemberFailed {
        /// Its name.
        name: String,
        /// The text of its error.
        error: String,
    },
    /// A member panicked.
    MemberPanicked {
        /// Its name.
        name: String,
        /// The text of the panic, where it is known.
        text: String,
    },
    /// The time that was [set](crate::Builder::stop_after) has come.
    Timer,
    /// The last handle of the coordinator was dropped.
    Dropped,
    /// Something of the application's own.
    Custom(String),
}

impl Reason {
    /// A reason in the application's own words.
    #[must_use]
    pub fn custom(text: impl Into<String>) -> Self {
        Self::Custom(text.into())
    }

    /// A member failed or panicked: the exit code says so, however clean the stop.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::MemberFailed { .. } | Self::MemberPanicked { .. }
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(number) => match signal_hook::low_level::signal_name(*number) {
                Some(name) => f.write_str(name),
                None => write!(f, "signal {number}"),
            },
            Self::Request => f.write_str("request"),
            Self::MemberEnded { name } => write!(f, "member '{name}' ended"),
            Self::MemberFailed { name, error } => write!(f, "member '{name}' failed: {error}"),
            Self::MemberPanicked { name, text } => write!(f, "member '{name}' panicked: {text}"),
            Self::Timer => f.write_str("timer"),
            Self::Dropped => f.write_str("coordinator dropped"),
            Self::Custom(text) => f.write_str(text),
        }
    }
}
