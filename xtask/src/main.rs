//! What this workspace does besides building: `cargo xtask` lists it.
//!
//! | module | what it is |
//! |---|---|
//! | `test`, `integration`, `lab`, `bench`, `check`, `fuzz` | the commands |
//! | `cargo` | runs cargo, passing its output on and reading it |
//! | `libtest` | reads the `test result:` lines |
//! | `models` | the models under loom |
//! | `part` | the named parts of a command, and how each came out |
//! | `python` | Python with pyzmq, in the target folder |
//! | `report` | a saved report of a shutdown as a picture |
//! | `requirement` | what a command needs on the machine |
//! | `round` | steps between marks on an axis |
//! | `scenario` | the integration runs that take long |
//! | `sim` | runs the simulator of the protocol |
//! | `smoke` | the main job on a small input |
//! | `svg` | writes SVG |
//! | `system_libzmq` | the system's libzmq in the place of the bundled one |
//! | `workspace` | the crates and their features |
#![forbid(unsafe_code)]

mod bench;
mod cargo;
mod check;
mod fuzz;
mod integration;
mod lab;
mod libtest;
mod models;
mod part;
mod python;
mod report;
mod requirement;
mod round;
mod scenario;
mod sim;
mod smoke;
mod svg;
mod system_libzmq;
mod test;
mod workspace;

use std::fmt::Display;
use std::process::ExitCode;

const COMMANDS: &str = "\
cargo xtask test [--setup]        every test, the main job and the docs; --setup installs what they need
cargo xtask integration [FILTER]  the tests with real child processes
cargo xtask integration --system-libzmq [FILTER]
                                  the same and those of the crates with sockets, on the system's libzmq, with CURVE
cargo xtask integration crowd [--connections N]
                                  10,000 strangers at one publisher, unless told
cargo xtask integration ack_chaos [--cycles N] [--seed S] [--first N] [--messages N] [--rate N] [--netns]
                                  processes under faults, and a judge; figures as JSON
cargo xtask integration joins [--joins N]
                                  joins under full flood, and how long they take
cargo xtask integration busy [--members N] [--seconds N]
                                  members whose applications are all busy: none expires
cargo xtask integration memory [--minutes N] [--seconds N] [--evict]
                                  what a publisher holds for a stuck member, against its bound
cargo xtask integration coordinator_trouble [--runs N] [--seed S]
                                  processes whose members hang, block and panic: late, unnamed, wrong exit codes
cargo xtask lab [FILTER] [--json] [--system-libzmq]
                                  what is said of libzmq, put to the one that is linked; a table, or JSON last
cargo xtask integration registry_storm [--seeds N] [--start S]
                                  900 sockets of one registry in 64 threads, closed at once, and a judge
cargo xtask sim --seeds N [--start S] the protocol under faults, one life a seed; exit code 1 on a violation
cargo xtask sim --reproduce SEED  prints what happens in one seed, the same on every run, and its hash
cargo xtask sim --hashes N        compares each seed's hash, debug against release
cargo xtask sim --planted [N]     plants bugs, one at a time, and tells what catches each within N seeds
cargo xtask loom [--preemptions N]    the races in all orders of their threads, by loom
cargo xtask bench [NAME] [--quick] [--json FILE]
                                  our code against bare sockets, tokens or a broker, in turn; a benchmark's name,
                                  or what a figure's begins with; ratios, and JSON last
cargo xtask bench --docs [--quick]    measures all, stores it and makes docs/benchmarks.md of it, with charts
cargo xtask bench --render        makes the page again of what is stored
cargo xtask report FILE [--out FILE.svg]
                                  a saved report of a shutdown (JSON) as a timeline, on standard output unless told
cargo xtask check                 format, clippy and docs with warnings denied, cargo deny
cargo xtask fuzz [TARGET] [--seconds N] [--minimize]
                                  the fuzz targets, a minute each unless told; or smaller corpora
";

/// For a command that is none.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            print!("{COMMANDS}");
            return ExitCode::SUCCESS;
        }
        ["test"] => test::main(false),
        ["test", "--setup"] => test::main(true),
        ["integration"] => integration::main(None),
        ["integration", "--system-libzmq"] => integration::with_system_libzmq(None),
        ["integration", "--system-libzmq", filter] if !filter.starts_with('-') => {
            integration::with_system_libzmq(Some(filter))
        }
        ["integration", "crowd"] => integration::crowd("10000"),
        ["integration", "crowd", "--connections", count]
            if count.parse().is_ok_and(|n: u32| n > 0) =>
        {
            integration::crowd(count)
        }
        ["integration", name, options @ ..] if scenario::is_one(name) => {
            scenario::main(name, options)
        }
        ["integration", filter] if !filter.starts_with('-') => integration::main(Some(filter)),
        ["lab", options @ ..] => match lab::Options::read(options) {
            Some(options) => lab::main(options),
            None => return unknown(&args),
        },
        ["sim", args @ ..] if !args.is_empty() => sim::main(args),
        ["loom"] => models::main(None),
        ["loom", "--preemptions", count] if count.parse::<usize>().is_ok() => {
            models::main(Some(count))
        }
        ["bench", options @ ..] => match bench::Options::read(options) {
            Some(options) => return ended(bench::main(options)),
            None => return unknown(&args),
        },
        ["report", options @ ..] => match report::Options::read(options) {
            Some(options) => return ended(report::main(options).map(|()| true)),
            None => return unknown(&args),
        },
        ["check"] => check::main(),
        ["fuzz", options @ ..] => match fuzz::Options::read(options) {
            Some(options) => fuzz::main(&options),
            None => return unknown(&args),
        },
        _ => return unknown(&args),
    };
    ended(result)
}

fn ended<E: Display>(result: Result<bool, E>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn unknown(args: &[&str]) -> ExitCode {
    let args = args.join(" ");
    eprint!("cargo xtask does not know {args:?}; it knows:\n\n{COMMANDS}");
    ExitCode::from(USAGE)
}
