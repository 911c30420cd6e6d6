//! Where the processes run: on this host, or each side on a host of its own.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// How many hosts there are: the publisher's, and two of subscribers.
const HOSTS: u16 = 3;

/// The ground that a run stands on.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Hosts {
    /// All on this host, with a relay before each connection.
    Loopback,
    /// Three network namespaces, joined by a bridge in a fourth.
    Namespaces(Namespaces),
}

/// Network namespaces, gone when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Namespaces {
    name: String,
}

/// The machine does not allow what was asked of it.
#[derive(Debug, thiserror::Error)]
#[error("network namespaces can't be had here: `ip {command}` says {says:?}")]
pub struct NotAllowed {
    command: String,
    says: String,
}

impl Hosts {
    /// Three hosts, where the machine allows that: this needs the right to make namespaces.
    ///
    /// # Errors
    ///
    /// Which command was refused, and why; nothing is left behind then.
    pub fn apart() -> Result<Self, NotAllowed> {
        Namespaces::new().map(Self::Namespaces)
    }

    /// Whether connections go through relays; otherwise links can be taken down.
    #[must_use]
    pub const fn has_relays(&self) -> bool {
        matches!(self, Self::Loopback)
    }

    pub(crate) const fn of_publisher() -> u16 {
        0
    }

    pub(crate) const fn of_member(member: u16) -> u16 {
        1 + member % (HOSTS - 1)
    }

    /// Where a publisher binds.
    pub(super) fn listen(&self) -> String {
        match self {
            Self::Loopback => "tcp://127.0.0.1:*".to_owned(),
            Self::Namespaces(_) => format!("tcp://{}:*", Namespaces::addr(Self::of_publisher())),
        }
    }

    /// A program on one of the hosts. It is the child itself: nothing stands between.
    pub(super) fn command(&self, host: u16, program: impl AsRef<OsStr>) -> Command {
        match self {
            Self::Loopback => Command::new(program),
            Self::Namespaces(namespaces) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", &namespaces.host(host)]);
                command.arg(program);
                command
            }
        }
    }

    /// Takes a host's link down, or up again; nothing where there is none.
    pub(super) fn link(&self, host: u16, up: bool) -> Result<(), NotAllowed> {
        match self {
            Self::Loopback => Ok(()),
            Self::Namespaces(namespaces) => namespaces.link(host, up),
        }
    }
}

impl Namespaces {
    fn new() -> Result<Self, NotAllowed> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let namespaces = Self {
            name: format!("linger-{}-{nth}", std::process::id()),
        };
        // From here on dropping it takes away whatever was made.
        let switch = namespaces.switch();
        ip(&format!("netns add {switch}"))?;
        ip(&format!("-n {switch} link add br0 type bridge"))?;
        ip(&format!("-n {switch} link set br0 up"))?;
        for host in 0..HOSTS {
            let (name, addr) = (namespaces.host(host), Self::addr(host));
            ip(&format!("netns add {name}"))?;
            ip(&format!(
                "link add eth0 netns {name} type veth peer name port{host} netns {switch}"
            ))?;
            ip(&format!("-n {switch} link set port{host} master br0 up"))?;
            ip(&format!("-n {name} addr add {addr}/24 dev eth0"))?;
            ip(&format!("-n {name} link set lo up"))?;
            ip(&format!("-n {name} link set eth0 up"))?;
        }
        Ok(namespaces)
    }

    fn switch(&self) -> String {
        format!("{}-switch", self.name)
    }

    fn host(&self, host: u16) -> String {
        format!("{}-{host}", self.name)
    }

    /// These networks can reach nothing else, so the addresses are nobody's.
    fn addr(host: u16) -> String {
        format!("10.77.0.{}", host + 1)
    }

    /// As a cable that is pulled at the switch.
    fn link(&self, host: u16, up: bool) -> Result<(), NotAllowed> {
        let (switch, up) = (self.switch(), if up { "up" } else { "down" });
        ip(&format!("-n {switch} link set port{host} {up}"))
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for host in 0..HOSTS {
            // What was not made can't be taken away.
            let _ = ip(&format!("netns del {}", self.host(host)));
        }
        let _ = ip(&format!("netns del {}", self.switch()));
    }
}

fn ip(command: &str) -> Result<(), NotAllowed> {
    let refused = |says: String| NotAllowed {
        command: command.to_owned(),
        says: says.trim().to_owned(),
    };
    let output = Command::new("ip")
        .args(command.split(' '))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| refused(error.to_string()))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(refused(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_loopback_a_program_is_started_as_it_is() {
        let hosts = Hosts::Loopback;
        assert_eq!(hosts.command(1, "true").get_program(), "true");
        assert!(hosts.has_relays() && hosts.link(0, false).is_ok());
    }

    #[test]
    fn what_ip_refuses_is_told_with_its_reason() {
        let refused = ip("netns del linger-no-such-namespace").unwrap_err();
        assert!(refused.to_string().contains("netns del"), "{refused}");
        assert!(!refused.says.is_empty());
    }

    #[test]
    fn members_are_spread_over_the_hosts_that_are_not_the_publishers() {
        let hosts: Vec<u16> = (0..4).map(Hosts::of_member).collect();
        assert_eq!(hosts, [1, 2, 1, 2]);
        assert_eq!(Hosts::of_publisher(), 0);
    }
}
