//! The main job as a user runs it: real processes, its exit codes, its last line.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use linger_testkit::child::{Child, Signal};
use serde_json::Value;

/// Far more than any of these takes.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn job(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_graceful_pubsub"));
    Child::spawn("graceful_pubsub", command.args(args)).unwrap()
}

/// Runs the job on these lines, and gives what its last line holds for its only way.
fn run(args: &[&str], lines: &str) -> Value {
    let job = job(&[args, &["--json", "--input", "-"]].concat());
    for line in lines.lines() {
        job.say(line).unwrap();
    }
    job.close_stdin();
    let last = job
        .wait_for_line(soon(), |line| line.starts_with('{'))
        .unwrap();
    assert!(
        job.wait_for_exit(soon()).unwrap().status.success(),
        "{}",
        job.last_lines()
    );
    serde_json::from_str::<Value>(&last).unwrap()["ways"][0].clone()
}

#[track_caller]
fn assert_refuses(args: &[&str], named: &str) {
    let job = job(args);
    job.close_stdin();
    let exit = job.wait_for_exit(soon()).unwrap();
    assert_eq!(
        exit.status.code(),
        Some(2),
        "{args:?}: {}",
        job.last_lines()
    );
    job.wait_for_error_line(soon(), |line| line.contains(named))
        .unwrap();
}

#[test]
fn what_cannot_be_is_named_and_ends_with_two() {
    assert_refuses(&["--input", "/no/such/file.csv"], "/no/such/file.csv");
    assert_refuses(&["--way", "best"], "best");
    assert_refuses(&["--kill", "bob"], "bob");
    assert_refuses(&["--colour"], "--colour");
}

#[test]
fn every_line_is_accepted_or_refused_and_everything_is_accounted_for() {
    let good: String = (0..40).map(|at| format!("T{},{at}\n", at % 3)).collect();
    let way = run(&["--way", "term"], &format!("\n,x\n{good}"));
    assert_eq!(way["way"], "term");
    assert_eq!(way["refused"], 2);
    let accepted = way["accepted"].as_u64().unwrap();
    assert!((1..=40).contains(&accepted), "{accepted}");
    let subscribers = way["subscribers"].as_array().unwrap();
    let names: Vec<&str> = subscribers
        .iter()
        .filter_map(|each| each["name"].as_str())
        .collect();
    assert_eq!(names, ["fast", "slow", "relayed"]);
    for each in subscribers {
        let (processed, lost) = (&each["processed"], &each["lost"]);
        assert_eq!(
            processed.as_u64().unwrap() + lost.as_u64().unwrap(),
            accepted,
            "{each}"
        );
    }
    // Terminating the context hands everything to the kernel, and nobody was in their way.
    assert_eq!(subscribers[0]["lost"], 0);
    assert_eq!(way["report"]["knew"], "nothing");
}

#[test]
fn an_empty_input_stops_as_well() {
    let way = run(&["--way", "exit"], "");
    assert_eq!((&way["accepted"], &way["refused"]), (&0.into(), &0.into()));
}

#[test]
fn a_killed_subscriber_does_not_end_the_job() {
    let lines: String = (0..400).map(|at| format!("T,{at}\n")).collect();
    let way = run(&["--way", "term", "--kill", "fast"], &lines);
    assert!(way["subscribers"][0]["lost"].as_u64().unwrap() > 0, "{way}");
    assert_eq!(way["subscribers"][1]["lost"], 0, "{way}");
}

#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_leaves_no_process_behind() {
    let job = job(&["--way", "term"]);
    job.wait_for_error_line(soon(), |line| {
        line.contains("the relayed subscriber is cut")
    })
    .unwrap();
    let children = children_of(job.pid());
    assert_eq!(children.len(), 4, "{children:?}");
    job.signal(Signal::Interrupt).unwrap();
    assert_eq!(job.wait_for_exit(soon()).unwrap().status.code(), Some(130));
    // Reaped before the job ended.
    for child in children {
        let line = fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        assert!(
            !line.contains("graceful_pubsub"),
            "{child} is still there: {line}"
        );
    }
}

/// Every process whose parent is this one.
#[cfg(target_os = "linux")]
fn children_of(parent: u32) -> Vec<u32> {
    let parent = format!("PPid:\t{parent}");
    let status = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| status(pid).lines().any(|line| line == parent))
        .collect()
}
