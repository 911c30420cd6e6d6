//! Inputs for every target: the frames of conversations between the two machines, and for each
//! machine its side of the conversation.

mod conversation;
mod samples;

use conversation::{Act, Conversation};
use std::collections::BTreeSet;

/// An input: its target, what it is, its bytes.
pub type Seed = (&'static str, String, Vec<u8>);

/// What is said of, in order; the first three are members before anything is published.
const SCRIPTS: [(&str, &[Act]); 8] = [
    (
        "drained",
        &[
            Act::Join(0),
            Act::Publish(0),
            Act::Publish(3),
            Act::Publish(0),
            Act::Close,
        ],
    ),
    (
        "repaired",
        &[
            Act::Join(0),
            Act::Lose(true),
            Act::Publish(0),
            Act::Publish(0),
            Act::Publish(1),
            Act::Lose(false),
            Act::Publish(0),
            Act::Pass(6),
            Act::Close,
        ],
    ),
    (
        "three_members",
        &[
            Act::Join(0),
            Act::Publish(0),
            Act::Join(1),
            Act::Publish(2),
            Act::Join(2),
            Act::Publish(2),
            Act::Pass(3),
            Act::Leave(1),
            Act::Publish(5),
            Act::Close,
        ],
    ),
    (
        "left",
        &[
            Act::Join(0),
            Act::Publish(0),
            Act::Leave(0),
            Act::Publish(0),
            Act::Close,
        ],
    ),
    (
        "silent",
        &[
            Act::Join(0),
            Act::Join(1),
            Act::Publish(0),
            Act::Silence(true),
            Act::Publish(0),
            Act::Pass(10),
            Act::Pass(8),
            Act::Pass(9),
            Act::Pass(9),
            Act::Silence(false),
            Act::Pass(9),
            Act::Publish(0),
            Act::Close,
        ],
    ),
    (
        "incomplete",
        &[
            Act::Join(0),
            Act::Lose(true),
            Act::Publish(0),
            Act::Close,
            Act::Pass(9),
        ],
    ),
    ("nobody", &[Act::Publish(0), Act::Close]),
    (
        "many_topics",
        &[
            Act::Publish(0),
            Act::Publish(1),
            Act::Publish(2),
            Act::Publish(3),
            Act::Join(0),
            Act::Publish(0),
            Act::Publish(1),
            Act::Publish(2),
            Act::Publish(3),
            Act::Publish(4),
            Act::Publish(5),
            Act::Pass(3),
            Act::Close,
        ],
    ),
];

/// All seeds; the same ones each time.
pub fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut frames = samples::frames();
    for (name, script) in SCRIPTS {
        let conversation = Conversation::of(script);
        seeds.push(("publisher", name.to_owned(), conversation.of_publisher));
        for (at, input) in conversation.of_subscribers.into_iter().enumerate().take(1) {
            seeds.push(("subscriber", format!("{name}_{at}"), input));
        }
        frames.extend(conversation.frames);
    }
    // One frame of each kind and length says enough.
    let mut seen = BTreeSet::new();
    for (target, frame) in frames {
        let kind = match target {
            "in_band" => frame.get(20),
            "envelope" => None,
            _ => frame.get(3),
        };
        if seen.insert((target, kind.copied(), frame.len())) {
            let count = seen.iter().filter(|s| s.0 == target).count();
            seeds.push((target, format!("frame_{count:02}"), frame));
        }
    }
    seeds
}
