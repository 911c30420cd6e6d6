//! The main job on a small input: it runs, and its JSON adds up.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::cargo::{CargoError, cargo};
use crate::part::Outcome;

/// So many of the lines can be messages.
const GOOD: u64 = 2_000;

/// Lines whose topic can't be one.
const BAD: &[&[u8]] = &[b"", b",no topic", b"NUL\0,1", b"\xffreserved,1"];

pub(crate) fn run() -> Result<Outcome, CargoError> {
    let args = [
        "run",
        "--package",
        "examples",
        "--bin",
        "graceful_pubsub",
        "--",
    ];
    let mut command = cargo(&args);
    command.args(["--json", "--input", "-"]);
    let mut job = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdin = job.stdin.take();
    // The job reads all of its input before it writes a word to stdout.
    let written = stdin.map_or(Ok(()), |mut stdin| stdin.write_all(&input()));
    let output = job.wait_with_output()?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    print!("{stdout}");
    if !output.status.success() {
        return Ok(Outcome::Failed(format!(
            "the main job ended with {}",
            output.status
        )));
    }
    written?;
    let last = stdout.lines().last().unwrap_or_default();
    let checked = serde_json::from_str(last)
        .map_err(|error| format!("the last line is no JSON: {error}"))
        .and_then(|result| check(&result));
    Ok(checked.map_or_else(Outcome::Failed, |()| Outcome::Passed))
}

fn input() -> Vec<u8> {
    let mut input = Vec::new();
    for line in BAD {
        input.extend_from_slice(line);
        input.push(b'\n');
    }
    for at in 0..GOOD {
        input.extend_from_slice(format!("T{},{at}\n", at % 12).as_bytes());
    }
    input
}

/// Whether it has the documented shape, and every message is accounted for.
fn check(result: &Value) -> Result<(), String> {
    let ways = list(result, "ways")?;
    for way in ways {
        let name = way["way"].as_str().ok_or("a way has no name")?;
        let what = |wrong| format!("{name}: {wrong}");
        check_way(way).map_err(what)?;
    }
    Ok(())
}

fn check_way(way: &Value) -> Result<(), String> {
    let accepted = number(way, "accepted")?;
    let refused = number(way, "refused")?;
    number(way, "stop_ms")?;
    if !(1..=GOOD).contains(&accepted) {
        return Err(format!("accepted {accepted} of {GOOD}"));
    }
    if refused != BAD.len() as u64 {
        return Err(format!("refused {refused} instead of {}", BAD.len()));
    }
    for subscriber in list(way, "subscribers")? {
        let name = subscriber["name"]
            .as_str()
            .ok_or("a subscriber has no name")?;
        let processed = number(subscriber, "processed")?;
        let lost = number(subscriber, "lost")?;
        let after = number(subscriber, "lost_after_signal")?;
        if processed + lost != accepted || after > lost {
            return Err(format!(
                "{name}: {processed} and {lost} ({after}) are not {accepted}"
            ));
        }
    }
    way["report"]
        .as_object()
        .map(|_| ())
        .ok_or_else(|| "its report is no object".to_owned())
}

fn number(of: &Value, field: &str) -> Result<u64, String> {
    of[field]
        .as_u64()
        .ok_or_else(|| format!("{field} is no number"))
}

fn list<'a>(of: &'a Value, field: &str) -> Result<&'a [Value], String> {
    match of[field].as_array().map(Vec::as_slice) {
        None | Some([]) => Err(format!("{field} is no list, or an empty one")),
        Some(list) => Ok(list),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn example() -> Value {
        json!({ "ways": [{
            "way": "exit", "accepted": 1_004, "refused": 4, "stop_ms": 2,
            "subscribers": [
                { "name": "fast", "processed": 1_000, "lost": 4, "lost_after_signal": 4 },
            ],
            "report": { "knew": "nothing" },
        }] })
    }

    #[test]
    fn what_adds_up_passes() {
        assert_eq!(check(&example()), Ok(()));
    }

    #[test]
    fn what_does_not_add_up_is_named() {
        for (path, wrong, named) in [
            ("/ways", json!([]), "ways"),
            ("/ways/0/way", json!(7), "name"),
            ("/ways/0/accepted", json!(0), "accepted"),
            ("/ways/0/refused", json!(0), "refused"),
            ("/ways/0/stop_ms", json!(null), "stop_ms"),
            ("/ways/0/subscribers", json!([]), "subscribers"),
            ("/ways/0/subscribers/0/lost", json!(5), "fast"),
            ("/ways/0/report", json!("nothing"), "report"),
        ] {
            let mut result = example();
            *result.pointer_mut(path).unwrap() = wrong;
            let error = check(&result).unwrap_err();
            assert!(error.contains(named), "{path}: {error}");
        }
    }

    #[test]
    fn the_input_has_as_many_lines_as_it_says() {
        let lines = input().iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines as u64, GOOD + BAD.len() as u64);
    }
}
