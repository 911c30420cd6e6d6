//! What a command needs on the machine: how to look for it, how to install it.

use std::process::{Command, Stdio};

/// Something that has to be installed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requirement {
    pub(crate) name: &'static str,
    /// A command that succeeds where it is installed.
    look: &'static [&'static str],
    /// Commands that install it, in order; none where we leave that to people.
    install: &'static [&'static [&'static str]],
    /// What people type to install it.
    hint: &'static str,
}

/// libzmq is compiled from source, and is C++.
const CXX: Requirement = Requirement {
    name: "a C++ compiler",
    look: &["c++", "--version"],
    install: &[
        &["apt-get", "update"],
        &["apt-get", "install", "--yes", "g++"],
    ],
    hint: "apt-get install g++",
};

/// What the tests need: `--setup` installs it.
pub(crate) const FOR_TESTS: &[Requirement] = &[CXX];

/// The subscriber in Python is tested too, where there is one; see `python`.
pub(crate) const PYTHON: Requirement = Requirement {
    name: "Python 3 with venv",
    look: &["python3", "-c", "import ensurepip, venv"],
    install: &[
        &["apt-get", "update"],
        &["apt-get", "install", "--yes", "python3", "python3-venv"],
    ],
    hint: "apt-get install python3 python3-venv",
};

/// The tests run with it too, where there is one; see `system_libzmq`.
pub(crate) const SYSTEM_LIBZMQ: Requirement = Requirement {
    name: "libzmq with its development files",
    look: &["pkg-config", "--exists", "libzmq"],
    install: &[
        &["apt-get", "update"],
        &["apt-get", "install", "--yes", "libzmq3-dev", "pkg-config"],
    ],
    hint: "apt-get install libzmq3-dev pkg-config",
};

/// What ours is put beside in a benchmark, where there is one.
pub(crate) const NATS_SERVER: Requirement = Requirement {
    name: "nats-server",
    // Debian has it where not everyone's path leads.
    look: &["sh", "-c", "PATH=$PATH:/usr/sbin nats-server --version"],
    install: &[
        &["apt-get", "update"],
        &["apt-get", "install", "--yes", "nats-server"],
    ],
    hint: "apt-get install nats-server",
};

/// Only for `check`, which goes without it where it is missing.
pub(crate) const CARGO_DENY: Requirement = Requirement {
    name: "cargo-deny",
    look: &["cargo", "deny", "--version"],
    install: &[],
    hint: "cargo install --locked cargo-deny",
};

/// Only for `fuzz`.
pub(crate) const CARGO_FUZZ: Requirement = Requirement {
    name: "cargo-fuzz",
    look: &["cargo", "fuzz", "--version"],
    install: &[],
    hint: "cargo install --locked cargo-fuzz",
};

/// Only for `fuzz`, which goes without it where it is missing.
pub(crate) const NIGHTLY: Requirement = Requirement {
    name: "a nightly toolchain",
    look: &["rustup", "run", "nightly", "cargo", "--version"],
    install: &[],
    hint: "rustup toolchain install nightly",
};

impl Requirement {
    /// Whether it is there.
    pub(crate) fn is_met(&self) -> bool {
        runs_all(&[self.look], false)
    }

    /// Looks for it, and installs it where it is missing and that is wanted; true if it is there.
    pub(crate) fn meet(&self, install: bool) -> bool {
        if self.is_met() {
            return true;
        }
        if install && !self.install.is_empty() {
            println!("installing {}", self.name);
            return runs_all(self.install, true) && self.is_met();
        }
        false
    }

    /// What to say where it is missing.
    pub(crate) fn missing(&self) -> String {
        format!("{} is not installed ({})", self.name, self.hint)
    }
}

fn runs_all(steps: &[&[&str]], shown: bool) -> bool {
    steps.iter().all(|step| {
        let Some((program, args)) = step.split_first() else {
            return false;
        };
        runs(Command::new(program).args(args), shown)
    })
}

/// Runs it; true where it succeeded.
pub(crate) fn runs(command: &mut Command, shown: bool) -> bool {
    let output = || {
        if shown {
            Stdio::inherit()
        } else {
            Stdio::null()
        }
    };
    command
        .stdin(Stdio::null())
        .stdout(output())
        .stderr(output())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: Requirement = Requirement {
        name: "nothing",
        look: &["/no/such/program"],
        install: &[&["true"]],
        hint: "no way",
    };

    #[test]
    fn what_is_there_is_met_without_installing() {
        let there = Requirement {
            look: &["true"],
            install: &[&["false"]],
            ..MISSING
        };
        assert!(there.meet(false) && there.meet(true));
    }

    #[test]
    fn an_installation_that_did_not_help_does_not_meet_it() {
        assert!(!MISSING.meet(false));
        assert!(!MISSING.meet(true));
        assert_eq!(MISSING.missing(), "nothing is not installed (no way)");
    }
}
