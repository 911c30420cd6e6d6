//! Looks at who has ended, a few at a time, so that nobody waits for that.

use std::time::Instant;

use super::Room;
use super::entry::Ended;
use crate::outcome::Outcome;

impl Room {
    /// Those that have ended and are wanted, in the order of registration.
    ///
    /// For listings on threads that may wait for a shard: unlike a watchdog they miss nobody.
    pub(crate) fn ended_where(
        &self,
        mut wanted: impl FnMut(&Outcome, Instant) -> bool,
    ) -> Vec<Ended> {
        let mut ended = Vec::new();
        for shard in &self.shards {
            let failed = shard.0.lock().failed().0.to_vec();
            ended.extend(failed);
            let mut next = Some(0);
            while let Some(from) = next {
                next = shard.0.lock().visit_ended(from, |entry| {
                    if let Some((outcome, at)) = &entry.end {
                        if wanted(outcome, *at) {
                            ended.extend(entry.ended().map(|ended| Ended {
                                name: self.full_name(&ended.name),
                                ..ended
                            }));
                        }
                    }
                });
            }
        }
        ended.sort_by_key(|member| member.sequence);
        ended
    }
}
