//! `SPEC.md` and the code say the same: rules, kinds, reasons, and the bytes of the example.
#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a helper of tests fails by panicking, and begins at some time"
)]

mod hex;

use bytes::Bytes;
use linger_ack_proto::wire::{
    HEADER_LEN, InBand, PRIVATE_LEN, ToPublisher, ToSubscriber, WireError,
};
use linger_ack_proto::{
    Delivery, Epoch, Identity, Nonce, Publisher, PublisherConfig, Quorum, SessionId, Subscriber,
    SubscriberConfig, Transmit,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const SPEC: &str = include_str!("../SPEC.md");

/// The part of it that shows the bytes.
const EXAMPLE: &str = include_str!("../SPEC-EXAMPLE.md");

/// Rules that concern those who own the sockets; no machine can keep them.
const FOR_DRIVERS: &[(&str, &str)] = &[(
    "D4",
    "who reads and writes the sockets counts the frames of a message",
)];

/// The lines of the section with this heading, up to the next one of its rank.
fn section(heading: &str) -> Vec<&'static str> {
    let rank = heading.split(' ').next().expect("a rank");
    let mut lines = SPEC.lines().skip_while(|line| *line != heading);
    assert_eq!(lines.next(), Some(heading), "SPEC.md has that section");
    let is_inside = |line: &&str| {
        let marks = line.chars().take_while(|mark| *mark == '#').count();
        !(1..=rank.len()).contains(&marks)
    };
    lines.take_while(is_inside).collect()
}

/// The cells of each row of the tables among these lines, marks of code taken off.
fn rows(lines: &[&str]) -> Vec<Vec<String>> {
    let rows = lines.iter().filter(|line| line.starts_with('|'));
    let cells = rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    });
    cells.collect()
}

/// A rule's id at the beginning of a text: a capital letter and a number.
fn leading_id(text: &str) -> Option<&str> {
    let letter = text.chars().next()?;
    let digits = text[1..].chars().take_while(char::is_ascii_digit).count();
    (letter.is_ascii_uppercase() && digits > 0).then(|| &text[..=digits])
}

fn rules() -> Vec<&'static str> {
    let bold = SPEC.lines().filter_map(|line| line.strip_prefix("**"));
    let rules = bold.filter_map(|line| {
        let id = leading_id(line)?;
        line[id.len()..].starts_with("**").then_some(id)
    });
    rules.collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

/// Each rule that the code names, and where: `SPEC A1`, `SPEC A1, B2` or `SPEC A1 to A3`.
fn named() -> BTreeMap<String, PathBuf> {
    let mut files = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources(&folder, &mut files);
    let mut named = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        for after in text.split("SPEC ").skip(1) {
            let mut rest = after;
            while let Some(id) = leading_id(rest) {
                named.insert(id.to_owned(), file.clone());
                rest = &rest[id.len()..];
                let up_to = rest.strip_prefix(" to ").and_then(leading_id);
                if let (Some(up_to), Ok(first)) = (up_to, id[1..].parse::<u32>()) {
                    let last = up_to[1..].parse().expect("a number");
                    let between = (first..last).map(|number| format!("{}{number}", &id[..1]));
                    named.extend(between.map(|id| (id, file.clone())));
                }
                rest = rest.trim_start_matches(" to ").trim_start_matches(", ");
            }
        }
    }
    named
}

#[test]
fn every_rule_is_named_where_it_is_kept_and_every_name_is_a_rule() {
    let rules = rules();
    let known: BTreeSet<&str> = rules.iter().copied().collect();
    assert!(known.len() > 40, "only {} rules were found", known.len());
    assert_eq!(known.len(), rules.len(), "each id is given once");
    let named = named();
    for (id, file) in &named {
        assert!(known.contains(&id[..]), "{} names {id}", file.display());
    }
    for (id, reason) in FOR_DRIVERS {
        assert!(known.contains(id), "{id} is no rule");
        assert!(!named.contains_key(*id), "code names {id}: {reason}?");
    }
    let is_excused = |id: &str| FOR_DRIVERS.iter().any(|(other, _)| *other == id);
    let is_open = |id: &&str| !named.contains_key(*id) && !is_excused(id);
    let open: Vec<_> = known.into_iter().filter(is_open).collect();
    assert!(open.is_empty(), "no code names {open:?}");
}

/// The code of each kind that the section lists, by its name.
fn listed(heading: &str) -> BTreeMap<String, u8> {
    let rows = rows(&section(heading));
    let codes = rows.iter().filter_map(|row| {
        let code = row.first()?.parse().ok()?;
        Some((row.get(1)?.clone(), code))
    });
    codes.collect()
}

/// The code of each kind that the vectors show, by its name, and then all that `decode` knows.
fn known(
    vectors: &str,
    at: usize,
    decode: fn(&Bytes) -> Option<WireError>,
) -> BTreeMap<String, u8> {
    let file: serde_json::Value = serde_json::from_str(vectors).expect("JSON");
    let frames = file["frames"].as_array().expect("a list");
    let codes = frames.iter().map(|entry| {
        let frame = hex::decode(entry["frame"].as_str().expect("text"));
        assert_eq!(decode(&frame.slice(at..)), None, "{}", entry["name"]);
        let kind = entry["kind"].as_str().expect("text");
        (kind.replace('_', "-"), frame[at + 3])
    });
    let codes: BTreeMap<String, u8> = codes.collect();
    for kind in 0..=u8::MAX {
        let mut frame = vec![0; HEADER_LEN + 8];
        frame[..4].copy_from_slice(&[b'L', b'G', 1, kind]);
        let is_known = !matches!(decode(&frame.into()), Some(WireError::Kind { .. }));
        assert_eq!(codes.values().any(|code| *code == kind), is_known, "{kind}");
    }
    codes
}

#[test]
fn every_kind_has_the_code_that_is_written_down() {
    let file = include_str!("../vectors/to_publisher.json");
    let codes = known(file, 0, |frame| ToPublisher::decode(frame).err());
    assert_eq!(listed("### From subscriber to publisher"), codes);
    let file = include_str!("../vectors/to_subscriber.json");
    let codes = known(file, 0, |frame| ToSubscriber::decode(frame).err());
    assert_eq!(listed("### From publisher to subscriber"), codes);
    let file = include_str!("../vectors/in_band.json");
    let codes = known(file, PRIVATE_LEN, |frame| InBand::decode(frame).err());
    assert_eq!(listed("### In-band"), codes);
}

#[test]
fn every_reason_to_refuse_has_the_code_that_is_written_down() {
    let file = include_str!("../vectors/to_subscriber.json");
    let file: serde_json::Value = serde_json::from_str(file).expect("JSON");
    let frames = file["frames"].as_array().expect("a list").iter();
    let refused = frames.filter(|entry| entry["kind"] == "REFUSED");
    let codes = refused.map(|entry| {
        let reason = entry["fields"]["reason"].as_str().expect("text");
        let frame = hex::decode(entry["frame"].as_str().expect("text"));
        (reason.to_owned(), *frame.last().expect("a code"))
    });
    assert_eq!(listed("### Reasons to refuse"), codes.collect());
}

fn count(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

fn size(bytes: impl Into<u64>) -> String {
    format!("{} MiB", bytes.into() >> 20)
}

fn time(limit: Duration) -> String {
    match limit.as_millis() {
        whole if whole % 1_000 == 0 => format!("{} s", whole / 1_000),
        millis => format!("{millis} ms"),
    }
}

#[test]
fn the_defaults_that_are_written_down_are_those_of_the_settings() {
    let publisher = PublisherConfig::default();
    let subscriber = SubscriberConfig::new("a").expect("a name");
    let retry = [subscriber.retry_first, subscriber.retry_longest].map(time);
    let repair = (publisher.repair_messages, publisher.repair_bytes);
    let held = |number: usize| u64::try_from(number).expect("64 bits");
    let reorder = (subscriber.reorder_messages, subscriber.reorder_bytes);
    let defaults = [
        ("retry_first, retry_longest", "subscriber", retry.join(", ")),
        ("ack_delay", "subscriber", time(subscriber.ack_delay)),
        ("farewell", "subscriber", time(subscriber.farewell)),
        ("expiry", "publisher", time(publisher.expiry)),
        ("join_within", "publisher", time(publisher.join_within)),
        ("join_grace", "publisher", time(publisher.join_grace)),
        ("sync_after", "publisher", time(publisher.sync_after)),
        ("durable_for", "publisher", time(publisher.durable_for)),
        (
            "window_messages",
            "publisher",
            count(publisher.window_messages),
        ),
        ("window_bytes", "publisher", size(publisher.window_bytes)),
        ("max_payload", "publisher", size(publisher.max_payload)),
        ("max_topics", "publisher", count(publisher.max_topics)),
        ("max_members", "publisher", count(publisher.max_members)),
        (
            "max_candidates",
            "publisher",
            count(publisher.max_candidates),
        ),
        ("hello_rate", "publisher", count(publisher.hello_rate)),
        ("max_prefixes", "publisher", count(publisher.max_prefixes)),
        (
            "max_member_topics",
            "publisher",
            count(publisher.max_member_topics),
        ),
        ("max_frame", "publisher", size(publisher.max_frame)),
        (
            "repair_messages, repair_bytes",
            "publisher",
            format!("{}, {}", count(repair.0), size(repair.1)),
        ),
        (
            "entries_per_part",
            "publisher",
            count(publisher.entries_per_part),
        ),
        (
            "reorder_messages, reorder_bytes",
            "subscriber",
            format!("{}, {}", count(held(reorder.0)), size(held(reorder.1))),
        ),
        ("max_topics", "subscriber", count(subscriber.max_topics)),
        ("max_frame", "subscriber", size(subscriber.max_frame)),
        ("redeliveries", "subscriber", count(subscriber.redeliveries)),
    ];
    let rows = rows(&section("## Timers and limits"));
    for (setting, whose, default) in &defaults {
        let is_its = |row: &&Vec<String>| {
            let rest = row[0].strip_prefix(setting);
            row[1] == *whose && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(", "))
        };
        let row = rows.iter().find(is_its);
        let written = row.map(|row| &row[2]);
        assert_eq!(written, Some(default), "{setting} of the {whose}");
    }
}

/// What the machines of the worked example say, frame by frame.
struct Example {
    now: Instant,
    publisher: Publisher,
    subscriber: Subscriber,
    said: Vec<Vec<Bytes>>,
}

impl Example {
    fn new() -> Self {
        let now = Instant::now();
        let epoch = Epoch::from_u128(0x6b21_97c5_0d3e_41aa_8f02_9be4_77d1_c35e);
        let publisher = Publisher::new(PublisherConfig::default(), epoch);
        let config = SubscriberConfig::new("risk-1").expect("a name");
        let identity = Identity {
            session: SessionId::from_u128(0xa1f3_c2d4_e5b6_9788_1234_5678_dead_beef),
            nonce: Nonce::from_u128(0x0f1e_2d3c_4b5a_6978_8796_a5b4_c3d2_e1f0),
        };
        Self {
            now,
            publisher: publisher.expect("valid settings"),
            subscriber: Subscriber::new(now, config.subscribe("EUR"), identity),
            said: Vec::new(),
        }
    }

    fn publish(&mut self, payload: &'static [u8]) -> [Bytes; 2] {
        let mut envelope = Vec::new();
        let payload = Bytes::from_static(payload);
        let accepted = self
            .publisher
            .publish(self.now, b"EURUSD", payload.clone(), &mut envelope);
        let _ = accepted.expect("accepted");
        [envelope.into(), payload]
    }

    /// A message that reaches the subscriber, or doesn't.
    fn send(&mut self, payload: &'static [u8], arrives: bool) {
        let [envelope, payload] = self.publish(payload);
        self.said.push(vec![envelope.clone(), payload.clone()]);
        if arrives {
            self.subscriber
                .handle_data(self.now, &envelope, Some(payload));
        }
    }

    /// Lets both talk until both are silent.
    fn talk(&mut self) {
        let route = Bytes::from_static(b"its routing id");
        loop {
            let before = self.said.len();
            self.subscriber.handle_timeout(self.now);
            while let Some(transmit) = self.subscriber.poll_transmit() {
                self.said.push(vec![transmit.frame.clone()]);
                self.publisher
                    .handle_control(self.now, &route, &transmit.frame);
            }
            self.publisher.handle_timeout(self.now);
            self.hear_publisher();
            if self.said.len() == before {
                return;
            }
        }
    }

    fn hear_publisher(&mut self) {
        while let Some(transmit) = self.publisher.poll_transmit() {
            match transmit {
                Transmit::Settle => {}
                Transmit::Batch(_) => unreachable!("it does not batch"),
                Transmit::Private { frame } => {
                    self.said.push(vec![frame.clone()]);
                    self.subscriber.handle_data(self.now, &frame, None);
                }
                Transmit::Control { frame, .. } => {
                    self.said.push(vec![frame.clone()]);
                    self.subscriber.handle_control(self.now, &frame);
                }
            }
        }
    }

    /// One joins, loses one of two messages, gets it, and acknowledges both.
    fn up_to_the_end() -> Self {
        let mut example = Self::new();
        let _ = example.publish(b"1.0841"); // nobody is owed it
        example.talk();
        assert!(example.subscriber.is_member());
        example.send(b"1.0842", false);
        example.send(b"1.0843", true);
        example.talk();
        let mut got = Vec::new();
        while let Some(item) = example.subscriber.poll_delivery() {
            let Delivery { id, payload, .. } = item.into_message().expect("a message");
            example.subscriber.acknowledge(example.now, &id);
            got.push(payload);
        }
        assert_eq!(got, ["1.0842", "1.0843"]);
        example.now += Duration::from_millis(5);
        example.talk();
        example.publisher.begin_close(example.now);
        example
    }
}

#[test]
fn what_anyone_can_read_shows_no_session() {
    let mut example = Example::up_to_the_end();
    example.talk();
    let session = 0xa1f3_c2d4_e5b6_9788_1234_5678_dead_beef_u128.to_be_bytes();
    let shows = |frame: &Bytes| frame.windows(16).any(|bytes| bytes == session);
    let is_control = |frames: &&Vec<Bytes>| frames[0].starts_with(b"LG");
    let (control, data): (Vec<_>, Vec<_>) = example.said.iter().partition(is_control);
    assert!(data.len() >= 4 && !data.into_iter().flatten().any(shows));
    assert!(control.len() >= 8 && control.into_iter().flatten().all(shows));
}

#[test]
fn the_worked_examples_bytes_are_what_the_machines_say() {
    let mut example = Example::up_to_the_end();
    example.talk();
    assert!(example.publisher.finish(Quorum::default()).is_drained());
    let mut said = example.said;

    // The other ending: the publisher has all acknowledgements, and waits for no BYE.
    let mut example = Example::up_to_the_end();
    example.hear_publisher();
    let before = example.said.len();
    let _ = example.publisher.finish(Quorum::default());
    example.hear_publisher();
    said.extend_from_slice(&example.said[before..]);

    assert!(SPEC.contains("(SPEC-EXAMPLE.md)"), "it is a part of it");
    let mut blocks = Vec::new();
    let mut is_inside = false;
    for line in EXAMPLE.lines() {
        match (line, is_inside) {
            ("```text", false) => {
                blocks.push(vec![String::new()]);
                is_inside = true;
            }
            ("```", true) => is_inside = false,
            (line, true) => {
                let frames = blocks.last_mut().expect("a block");
                let digits = line.split(';').next().unwrap_or_default();
                match line.is_empty() {
                    true => frames.push(String::new()),
                    false => frames
                        .last_mut()
                        .expect("a frame")
                        .extend(digits.chars().filter(|digit| *digit != ' ')),
                }
            }
            _ => {}
        }
    }
    let written = blocks
        .iter()
        .map(|frames| frames.iter().map(|frame| hex::decode(frame)));
    let written: Vec<Vec<Bytes>> = written.map(Iterator::collect).collect();
    for (at, (written, said)) in written.iter().zip(&said).enumerate() {
        let text = |frames: &[Bytes]| {
            frames
                .iter()
                .map(|f| format!("{f:02x}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(text(written), text(said), "step {}", at + 1);
    }
    assert_eq!(written.len(), said.len(), "as many steps");
}
