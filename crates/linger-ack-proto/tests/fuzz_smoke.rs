//! The fuzz targets without a fuzzer: their corpora, changes of them, and noise.
//!
//! `LINGER_SEEDS` says how many changed and random inputs each target is given; one that fails is
//! printed as hexadecimal text.
#![expect(clippy::expect_used, reason = "a test")]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// How many inputs each target is given, unless `LINGER_SEEDS` says otherwise.
const SEEDS: u64 = 600;

/// The longest input that is made.
const LONGEST: usize = 4_096;

struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below a usize")
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}

/// Prints the input that a target panics at.
struct Named<'a>(&'a str, &'a [u8]);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut text = String::new();
            for byte in self.1 {
                let _ = write!(text, "{byte:02x}");
            }
            eprintln!("{} failed at {text}", self.0);
        }
    }
}

/// What stands ready for a target: its seeds, its corpus, and what once failed.
fn inputs(target: &str) -> Vec<Vec<u8>> {
    let seeds = fuzz::seeds::all().into_iter();
    let seeds = seeds.filter(|seed| seed.0 == target).map(|seed| seed.2);
    let mut inputs: Vec<_> = seeds.collect();
    for kind in ["corpus", "regressions"] {
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "fuzz", kind, target]
            .iter()
            .collect();
        let Ok(entries) = fs::read_dir(&path) else {
            assert_eq!(kind, "regressions", "there is no {}", path.display());
            continue;
        };
        let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
        paths.sort();
        inputs.extend(paths.iter().map(|path| fs::read(path).expect("a file")));
    }
    inputs
}

fn change(rng: &mut Rng, inputs: &[Vec<u8>]) -> Vec<u8> {
    let mut out = inputs[rng.below(inputs.len())].clone();
    for _ in 0..=rng.below(8) {
        let at = rng.below(out.len() + 1);
        match rng.below(6) {
            0 => out.truncate(at),
            1 => {
                let (len, rest) = (rng.below(9), out.split_off(at));
                out.extend(rng.bytes(len));
                out.extend(rest);
            }
            2 => {
                // The rest of another one.
                let other = &inputs[rng.below(inputs.len())];
                out.truncate(at);
                out.extend_from_slice(&other[rng.below(other.len() + 1)..]);
            }
            3 => {
                // A part of it twice.
                let len = rng.below((out.len() - at).min(64) + 1);
                let twice = out[at..at + len].to_vec();
                out.extend(twice);
            }
            _ => {
                if let Some(byte) = out.get_mut(at) {
                    *byte = rng.bytes(1)[0];
                }
            }
        }
    }
    out.truncate(LONGEST);
    out
}

/// Runs a target on everything that it is given here.
fn smoke(target: &str) {
    let (_, run) = *fuzz::TARGETS
        .iter()
        .find(|(name, _)| *name == target)
        .expect("a target");
    let run = |input: &[u8]| {
        let _named = Named(target, input);
        run(input);
    };
    let inputs = inputs(target);
    assert!(!inputs.is_empty());
    inputs.iter().for_each(|input| run(input));
    let seeds = std::env::var("LINGER_SEEDS");
    let seeds = seeds.ok().and_then(|text| text.parse().ok());
    for seed in 0..seeds.unwrap_or(SEEDS) {
        let mut rng = Rng(seed);
        run(&change(&mut rng, &inputs));
        if seed % 4 == 0 {
            let len = rng.below(512);
            run(&rng.bytes(len));
        }
    }
}

#[test]
fn what_an_envelope_reads_as_is_what_it_is() {
    smoke("envelope");
}

#[test]
fn what_an_in_band_frame_reads_as_is_what_it_is() {
    smoke("in_band");
}

#[test]
fn what_a_subscribers_frame_reads_as_is_what_it_is() {
    smoke("to_publisher");
}

#[test]
fn what_a_publishers_frame_reads_as_is_what_it_is() {
    smoke("to_subscriber");
}

#[test]
fn a_publisher_stands_whatever_comes() {
    smoke("publisher");
}

#[test]
fn a_subscriber_stands_whatever_comes() {
    smoke("subscriber");
}

/// A harness that refuses everything would hold too.
#[test]
fn the_corpora_reach_every_state() {
    let reached = |text: String, all: &mut Vec<bool>| {
        let flags = text.split([' ', ',']).filter_map(|word| word.parse().ok());
        let flags: Vec<bool> = flags.collect();
        all.resize(flags.len(), false);
        all.iter_mut()
            .zip(flags)
            .for_each(|(all, flag)| *all |= flag);
        text
    };
    let (mut all, mut last) = (Vec::new(), String::new());
    for input in inputs("publisher") {
        last = reached(format!("{:?}", fuzz::reach_publisher(&input)), &mut all);
    }
    assert!(all.iter().all(|&flag| flag), "{all:?} of {last}");
    all.clear();
    for input in inputs("subscriber") {
        last = reached(format!("{:?}", fuzz::reach_subscriber(&input)), &mut all);
    }
    assert!(all.iter().all(|&flag| flag), "{all:?} of {last}");
}

#[test]
fn a_recorded_conversation_comes_to_the_same_end() {
    let seeds = fuzz::seeds::all();
    let of = |target: &str, name: &str| {
        let mut seeds = seeds.iter();
        let seed = seeds.find(|seed| seed.0 == target && seed.1 == name);
        seed.expect("a seed").2.clone()
    };
    assert!(fuzz::reach_publisher(&of("publisher", "drained")).drained);
    assert!(fuzz::reach_publisher(&of("publisher", "repaired")).repaired);
    assert!(fuzz::reach_publisher(&of("publisher", "silent")).expired);
    assert!(fuzz::reach_subscriber(&of("subscriber", "drained_0")).confirmed);
    assert!(fuzz::reach_subscriber(&of("subscriber", "repaired_0")).repaired);
    assert!(fuzz::reach_subscriber(&of("subscriber", "silent_0")).lost_session);
}
