//! The simulator's command line; `cargo xtask sim` runs it.
#![forbid(unsafe_code)]

use linger_sim::{live, run};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "\
linger-sim --seeds N [--start S]   lives N seeds, from S on (0)
linger-sim --reproduce SEED        prints what happens in one seed, and its hash
linger-sim --hashes N [--start S]  prints a line for each seed: its number, its hash
linger-sim --planted [N]           what catches each planted bug, within N seeds (10,000)
";

enum Task {
    Seeds { count: u64, start: u64 },
    Reproduce { seed: u64 },
    Hashes { count: u64, start: u64 },
    Planted { seeds: u64 },
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some(task) = parse(&args) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match task {
        Task::Seeds { count, start } => {
            let begun = Instant::now();
            let summary = run(start..start.saturating_add(count), |done| {
                let rate = done as f64 / begun.elapsed().as_secs_f64();
                eprintln!("{done} of {count} seeds, {rate:.0} seeds/s");
            });
            println!("{summary}");
            match summary.violations.is_empty() {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Task::Reproduce { seed } => {
            let outcome = live(seed, Instant::now(), true);
            for line in &outcome.lines {
                println!("{line}");
            }
            println!(
                "seed {seed}: {} events, hash {:016x}",
                outcome.events, outcome.hash
            );
            match outcome.violation {
                None => ExitCode::SUCCESS,
                Some(violation) => {
                    println!("violates {violation}");
                    ExitCode::FAILURE
                }
            }
        }
        Task::Planted { seeds } => planted(seeds),
        Task::Hashes { count, start } => {
            let base = Instant::now();
            for seed in start..start.saturating_add(count) {
                println!("{seed} {:016x}", live(seed, base, false).hash);
            }
            ExitCode::SUCCESS
        }
    }
}

/// The table of bugs; all are to be caught.
#[cfg(linger_planted)]
fn planted(seeds: u64) -> ExitCode {
    std::panic::set_hook(Box::new(|_| ())); // a panic of a machine is one way to be caught
    let all = linger_sim::catch(seeds);
    println!("{:<26} {:>6}  invariant", "bug", "seeds");
    for one in &all {
        let bug = format!("{:?}", one.bug);
        match &one.by {
            Some((seeds, by)) => println!("{bug:<26} {seeds:>6}  {}", by.invariant.name()),
            None => println!("{bug:<26} {:>6}  not caught", "-"),
        }
    }
    let caught = all.iter().filter(|one| one.by.is_some()).count();
    println!("{} planted, {caught} caught", all.len());
    match caught == all.len() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

#[cfg(not(linger_planted))]
fn planted(_seeds: u64) -> ExitCode {
    eprintln!("no bugs in this build; build it with RUSTFLAGS='--cfg linger_planted'");
    ExitCode::from(2)
}

fn parse(args: &[String]) -> Option<Task> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["--planted", seeds @ ..] = args.as_slice() {
        let seeds = match seeds {
            [] => 10_000,
            [seeds] => seeds.parse().ok()?,
            _ => return None,
        };
        return Some(Task::Planted { seeds });
    }
    let (name, count, start) = match args.as_slice() {
        [name, count] => (*name, count, "0"),
        [name, count, "--start", start] => (*name, count, *start),
        _ => return None,
    };
    let (count, start) = (count.parse().ok()?, start.parse().ok()?);
    match name {
        "--seeds" => Some(Task::Seeds { count, start }),
        "--hashes" => Some(Task::Hashes { count, start }),
        "--reproduce" if args.len() == 2 => Some(Task::Reproduce { seed: count }),
        _ => None,
    }
}
