//! The system's libzmq, by Cargo's link override, in the place of the one that is compiled in.
//!
//! It has what the bundled one is built without: CURVE.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo::CargoError;
use crate::python::Python;
use crate::requirement::SYSTEM_LIBZMQ;
use crate::workspace::target_folder;

/// Set for tests that are linked with it, so that they can tell whether they are.
const LINKED: &str = "LINGER_SYSTEM_LIBZMQ";

/// The libzmq that a linker finds on this machine.
#[derive(Debug)]
pub(crate) struct SystemLibzmq {
    triple: String,
    /// Where the library is.
    folder: String,
    /// A target folder of its own: the build must not throw the other one away.
    target: PathBuf,
}

impl SystemLibzmq {
    /// Looks for it; `None` where its development package is missing.
    pub(crate) fn find() -> Result<Option<Self>, CargoError> {
        if !SYSTEM_LIBZMQ.is_met() {
            return Ok(None);
        }
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let version = said(Command::new(rustc).arg("-vV"))?;
        let folder = said(Command::new("pkg-config").args(["--variable=libdir", "libzmq"]))?;
        Ok(Some(Self {
            triple: host(&version).to_owned(),
            folder: folder.trim().to_owned(),
            target: target_folder()?.join("system-libzmq"),
        }))
    }

    /// What to say where it is missing.
    pub(crate) fn missing() -> String {
        format!("the system's libzmq: {}", SYSTEM_LIBZMQ.missing())
    }

    /// Has this command of cargo, which has no arguments yet but its own, link it.
    pub(crate) fn link(&self, cargo: &mut Command) {
        let name = format!("target.{}.zmq", self.triple);
        cargo
            .arg("--config")
            .arg(format!("{name}.rustc-link-lib=['zmq']"))
            .arg("--config")
            .arg(format!(
                "{name}.rustc-link-search=['native={}']",
                self.folder
            ))
            .arg("--target-dir")
            .arg(&self.target)
            .env(LINKED, "1");
    }

    /// Lets the tests find in its target folder the Python that they look for there.
    pub(crate) fn share(&self, python: &Python) -> Result<(), CargoError> {
        std::fs::create_dir_all(&self.target)?;
        let link = self.target.join("python");
        if !link.is_symlink() {
            symlink(python.folder(), &link)?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn symlink(to: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Ok(())
}

/// The triple that a compiler compiles for unless it is told another.
fn host(version: &str) -> &str {
    let mut lines = version.lines();
    lines
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap_or_default()
}

fn said(command: &mut Command) -> Result<String, CargoError> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_triple_is_read_from_what_rustc_says() {
        let version = "rustc 1.85.0\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1\n";
        assert_eq!(host(version), "x86_64-unknown-linux-gnu");
    }

    #[test]
    fn cargo_is_told_what_to_link_and_builds_in_a_folder_of_its_own() {
        let system = SystemLibzmq {
            triple: "a-b-c".to_owned(),
            folder: "/usr/lib/a-b-c".to_owned(),
            target: PathBuf::from("target/system-libzmq"),
        };
        let mut command = Command::new("cargo");
        command.arg("test");
        system.link(&mut command);
        let args: Vec<_> = command.get_args().collect();
        assert_eq!(
            args,
            [
                "test",
                "--config",
                "target.a-b-c.zmq.rustc-link-lib=['zmq']",
                "--config",
                "target.a-b-c.zmq.rustc-link-search=['native=/usr/lib/a-b-c']",
                "--target-dir",
                "target/system-libzmq",
            ]
        );
        assert!(command.get_envs().any(|(name, _)| name == LINKED));
    }
}
