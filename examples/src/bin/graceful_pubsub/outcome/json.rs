//! The result for programs.

use serde::Serialize;

use super::{Outcome, milliseconds};
use crate::wire::Known;

#[derive(Serialize)]
struct Whole<'a> {
    ways: Vec<WayJson<'a>>,
}

#[derive(Serialize)]
struct WayJson<'a> {
    way: &'static str,
    accepted: u64,
    refused: u64,
    stop_ms: u64,
    subscribers: Vec<SubscriberJson>,
    report: &'a Known,
}

#[derive(Serialize)]
struct SubscriberJson {
    name: &'static str,
    processed: u64,
    lost: u64,
    lost_after_signal: u64,
}

/// All outcomes as one object, on one line.
pub(crate) fn json<'a>(outcomes: &'a [Outcome]) -> serde_json::Result<String> {
    let way = |outcome: &'a Outcome| {
        let Outcome {
            way,
            accepted,
            refused,
            stop,
            subscribers,
            known,
        } = outcome;
        WayJson {
            way: way.name(),
            accepted: *accepted,
            refused: *refused,
            stop_ms: milliseconds(*stop),
            subscribers: subscribers
                .iter()
                .map(|share| SubscriberJson {
                    name: share.name,
                    processed: share.loss.processed,
                    lost: share.loss.lost(),
                    lost_after_signal: share.loss.after_signal,
                })
                .collect(),
            report: known,
        }
    };
    serde_json::to_string(&Whole {
        ways: outcomes.iter().map(way).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn the_shape_is_the_documented_one() {
        assert_eq!(
            json(&[example()]).unwrap(),
            concat!(
                r#"{"ways":[{"way":"exit","accepted":50123,"refused":2,"stop_ms":12,"#,
                r#""subscribers":[{"name":"fast","processed":50123,"lost":0,"lost_after_signal":0},"#,
                r#"{"name":"relayed","processed":48000,"lost":2123,"lost_after_signal":123}],"#,
                r#""report":{"knew":"nothing"}}]}"#
            )
        );
    }

    #[test]
    fn no_outcome_is_an_object_too() {
        assert_eq!(json(&[]).unwrap(), r#"{"ways":[]}"#);
    }
}
