//! `cargo xtask bench`: what our code costs beside the bare calls that it wraps, or what else there is.

use crate::cargo::{CargoError, cargo, succeeds};
use crate::integration::PACKAGE;

/// Whether the program would understand these: a name at most, and what it may be told besides.
pub(crate) fn knows(args: &[&str]) -> bool {
    let args = match args {
        [name, rest @ ..] if !name.starts_with('-') => rest,
        all => all,
    };
    match args {
        [] => true,
        ["--quick", rest @ ..] => knows_rest(rest),
        ["--json", file, rest @ ..] if !file.starts_with('-') => knows_rest(rest),
        _ => false,
    }
}

/// After the first of them.
fn knows_rest(args: &[&str]) -> bool {
    args.first().is_none_or(|arg| arg.starts_with('-')) && knows(args)
}

/// Runs it, optimized; true where every bar was met. Its last line is a JSON object.
pub(crate) fn main(args: &[&str]) -> Result<bool, CargoError> {
    let run = ["run", "--release", "--quiet", "--package", PACKAGE];
    let mut command = cargo(&run);
    command.args(["--bin", "bench", "--"]).args(args);
    succeeds(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_first_and_a_file_after_its_option() {
        for known in [
            &[][..],
            &["ack"],
            &["--quick"],
            &["ack_tcp", "--quick", "--json", "out.json"],
            &["--json", "out.json", "--quick"],
        ] {
            assert!(knows(known), "{known:?}");
        }
        for unknown in [
            &["--json"][..],
            &["--json", "--quick"],
            &["ack", "registry"],
            &["--quick", "ack"],
            &["--fast"],
        ] {
            assert!(!knows(unknown), "{unknown:?}");
        }
    }
}
