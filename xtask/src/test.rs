//! `cargo xtask test`: everything that has to pass.

use crate::cargo::{CargoError, cargo, succeeds, tests};
use crate::part::{Outcome, Parts, counted};
use crate::python::Python;
use crate::requirement::{FOR_TESTS, NATS_SERVER, SYSTEM_LIBZMQ};
use crate::system_libzmq::SystemLibzmq;
use crate::workspace::{Package, packages};
use crate::{integration, lab, models, sim, smoke};

/// Runs all parts, and closes with one line that sums up; true where all passed.
pub(crate) fn main(setup: bool) -> Result<bool, CargoError> {
    let missing: Vec<String> = FOR_TESTS
        .iter()
        .filter(|requirement| !requirement.meet(setup))
        .map(|requirement| requirement.missing())
        .collect();
    let missing = missing.join(", ");
    let python = Python::of_the_tests()?.meet(setup);
    // Found again where they are used.
    SYSTEM_LIBZMQ.meet(setup);
    NATS_SERVER.meet(setup);

    let mut parts = Parts::default();
    let mut run = |name: &str, part: &dyn Fn() -> Result<Outcome, CargoError>| {
        parts.run(name, || {
            if missing.is_empty() {
                part()
            } else {
                Ok(Outcome::Skipped(missing.clone()))
            }
        });
    };
    for package in packages()? {
        for (name, args) in commands(&package) {
            run(&name, &|| {
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                Ok(Outcome::Tests(tests(&mut cargo(&args))?))
            });
        }
    }
    run("integration", &|| {
        Ok(Outcome::Tests(tests(&mut integration::command(
            None, python,
        ))?))
    });
    run("benchmark against a broker", &integration::broker);
    run("linger-registry and linger-ack, system's libzmq", &|| {
        Ok(match SystemLibzmq::find()? {
            Some(system) => Outcome::Tests(tests(&mut integration::of_sockets(None, &system))?),
            None => Outcome::Skipped(SystemLibzmq::missing()),
        })
    });
    run("lab, small", &lab::quick);
    run("models, by loom", &models::usual);
    run("simulator, 2,000 seeds", &sim::some_seeds);
    run("main job on a small input", &smoke::run);
    run("docs", &|| {
        let args = ["doc", "--workspace", "--no-deps", "--all-features"];
        succeeds(cargo(&args).env("RUSTDOCFLAGS", "-D warnings")).map(Outcome::of)
    });
    println!("\n{}", parts.list());
    if !python {
        println!("SKIPPED {}", Python::missing());
    }
    println!("{}", counted(parts.counts()));
    Ok(parts.passed())
}

/// How a crate is tested alone, with each set of features: unit tests, its own tests, doc tests.
fn commands(package: &Package) -> Vec<(String, Vec<String>)> {
    let name = &package.name;
    if name == integration::PACKAGE {
        // The rest of it is the part `integration`.
        let args = ["test", "--package", name, "--doc"]
            .map(str::to_owned)
            .to_vec();
        return vec![(format!("{name}, doc tests"), args)];
    }
    let command = |set: &crate::workspace::FeatureSet| {
        let mut args = ["test", "--no-fail-fast", "--package", name]
            .map(str::to_owned)
            .to_vec();
        args.extend(set.flags().iter().map(|flag| (*flag).to_owned()));
        (format!("{name}, {}", set.name()), args)
    };
    package.feature_sets.iter().map(command).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::FeatureSet;

    #[test]
    fn each_set_of_features_is_tested_alone() {
        let package = Package {
            name: "linger-some".to_owned(),
            feature_sets: vec![FeatureSet::Default, FeatureSet::None],
        };
        let commands = commands(&package);
        assert_eq!(commands[0].0, "linger-some, default features");
        assert_eq!(
            commands[0].1,
            ["test", "--no-fail-fast", "--package", "linger-some"]
        );
        assert_eq!(
            commands[1].1.last().map(String::as_str),
            Some("--no-default-features")
        );
    }

    #[test]
    fn the_integration_tests_run_once() {
        let name = integration::PACKAGE.to_owned();
        let package = Package {
            name,
            feature_sets: vec![FeatureSet::Default],
        };
        let commands = commands(&package);
        assert_eq!(commands.len(), 1);
        assert!(commands[0].1.contains(&"--doc".to_owned()));
    }
}
