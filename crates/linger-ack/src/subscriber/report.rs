//! What a subscriber knows when it has closed.

use linger_ack_proto::{Abandoned, EndReason, SubscriberCounters};
use std::fmt;

/// How a subscriber's memberships ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct SubscriberReport {
    /// The member's name.
    pub name: String,
    /// One entry a publisher, in the order in which they were added.
    pub links: Vec<LinkReport>,
    /// Deliveries that were abandoned for good: dropped, or lost in a panic, unacknowledged.
    pub abandoned: u64,
    /// Deliveries that waited for the application, and were never taken.
    pub waiting: u64,
    /// Deliveries that the application still holds.
    pub held: u64,
}

/// One publisher, seen from its member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LinkReport {
    /// Where its data came from.
    pub data_endpoint: String,
    /// How the membership ended.
    pub end: LinkEnd,
    /// What was counted.
    pub counters: SubscriberCounters,
    /// Deliveries that waited for the application, and were never taken.
    pub waiting: u64,
    /// What was abandoned for good in the last session, topic by topic.
    pub abandoned: Vec<Abandoned>,
}

/// How a membership ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkEnd {
    /// It ended, for this reason.
    Ended(EndReason),
    /// It had not ended by the deadline: whether the final acknowledgements arrived is unknown.
    Pending,
}

impl SubscriberReport {
    /// Whether every publisher has confirmed the final acknowledgements, and none is missing.
    ///
    /// None: nothing was abandoned, is held, or was left in the queue.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let confirmed = LinkEnd::Ended(EndReason::Confirmed);
        let is_done = self.abandoned == 0 && self.held == 0 && self.waiting == 0;
        is_done && self.links.iter().all(|link| link.end == confirmed)
    }
}

impl fmt::Display for SubscriberReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            links,
            abandoned,
            waiting,
            held,
        } = self;
        write!(f, "{name}: {abandoned} abandoned, {held} held")?;
        if *waiting > 0 {
            write!(f, ", {waiting} waiting")?;
        }
        for LinkReport {
            data_endpoint,
            end,
            counters,
            abandoned,
            ..
        } in links
        {
            let delivered = counters.delivered;
            write!(f, "\n  {data_endpoint}: {end}, {delivered} delivered")?;
            for Abandoned { topic, ranges, .. } in abandoned {
                for range in ranges {
                    write!(f, "\n    {}: {range} abandoned", topic.escape_ascii())?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for LinkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ended(EndReason::Confirmed) => "confirmed",
            Self::Ended(EndReason::Incomplete) => "incomplete",
            Self::Ended(EndReason::Superseded) => "superseded",
            Self::Ended(_) => "unconfirmed",
            Self::Pending => "pending",
        })
    }
}

/// As the text of its `Display`.
#[cfg(feature = "serde")]
impl serde::Serialize for LinkEnd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;

    #[test]
    fn the_json_names_the_end_of_each_membership() {
        let report = SubscriberReport {
            name: "risk-1".to_owned(),
            links: vec![LinkReport {
                data_endpoint: "tcp://pub:5556".to_owned(),
                end: LinkEnd::Ended(EndReason::Confirmed),
                counters: SubscriberCounters::default(),
                waiting: 2,
                abandoned: Vec::new(),
            }],
            abandoned: 0,
            waiting: 2,
            held: 1,
        };
        let json = serde_json::to_value(&report).expect("serializable");
        assert_eq!(json["name"], "risk-1");
        assert_eq!((&json["held"], &json["waiting"]), (&1.into(), &2.into()));
        assert_eq!(json["links"][0]["end"], "confirmed");
        assert_eq!(json["links"][0]["counters"]["delivered"], 0);
    }
}
