//! What the relays of a member do to its connections.

use super::actor::Wires;
use super::fault::Fault;
use crate::relay::Relay;
use std::time::Duration;

/// How long a delayed connection holds everything back.
const DELAY: Duration = Duration::from_millis(40);

/// How many bytes a second a slow connection passes.
const SLOW: u64 = 200_000;

impl Wires {
    pub(super) fn take(&self, fault: Fault, begins: bool) {
        let Self { data, control } = self;
        let both = [data, control];
        // Each of these has taken effect when it returns.
        let each = |act: &dyn Fn(&Relay)| both.iter().for_each(|relay| act(relay));
        match (fault, begins) {
            (Fault::DataCut, true) => {
                data.cut();
            }
            (Fault::ControlCut, true) => {
                control.cut();
            }
            (Fault::DataStalled, true) => {
                data.stall();
            }
            (Fault::DataStalled, false) => {
                data.resume();
            }
            (Fault::ControlStalled, true) => {
                control.stall();
            }
            (Fault::ControlStalled, false) => {
                control.resume();
            }
            (Fault::Throttled, _) => {
                data.throttle(begins.then_some(SLOW));
            }
            (Fault::Refused, true) => each(&|relay| {
                relay.refuse();
                relay.cut();
            }),
            (Fault::Refused, false) => each(&|relay| {
                relay.accept();
            }),
            (Fault::Delayed, _) => each(&|relay| {
                relay.delay(if begins { DELAY } else { Duration::ZERO });
            }),
            _ => {}
        }
    }

    /// Ends all that may still be on.
    pub(super) fn heal(&self) {
        for relay in [&self.data, &self.control] {
            relay.accept();
            relay.resume();
            relay.throttle(None);
            relay.delay(Duration::ZERO);
        }
    }
}
