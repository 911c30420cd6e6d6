//! Settings: the ends of each range are allowed, and nothing beyond them.

use crate::peer::ms;
use bytes::Bytes;
use linger_ack_proto::{
    ConfigError, Expected, Identity, Nonce, PublisherConfig, SessionId, Subscriber,
    SubscriberConfig,
};
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_nanos(1);

/// The first two are the ends of the setting's range, what follows lies beyond them.
macro_rules! ends {
    ($config:expr, $setting:ident, $least:expr, $most:expr, $($beyond:expr),+) => {{
        let name = stringify!($setting);
        let mut config = $config;
        for within in [$least, $most] {
            config.$setting = within;
            assert_eq!(config.validate(), Ok(()), "{name} {within:?}");
        }
        for beyond in [$($beyond),+] {
            config.$setting = beyond;
            let error = config.validate().expect_err(name).to_string();
            assert!(error.starts_with(name), "{error}");
            assert!(error.ends_with(&format!("not {beyond:?}")), "{error}");
        }
    }};
}

#[test]
fn each_setting_of_a_publisher_has_its_range() {
    let config = || {
        let mut config = PublisherConfig::default();
        config.max_payload = 0;
        config
    };
    ends!(config(), window_messages, 8, 16_777_216, 7, 16_777_217);
    ends!(
        config(),
        window_bytes,
        1,
        1_099_511_627_776,
        0,
        1_099_511_627_777
    );
    ends!(
        PublisherConfig::default(),
        max_payload,
        0,
        33_554_432,
        33_554_433
    );
    ends!(config(), max_topics, 1, 2_147_483_648, 0, 2_147_483_649);
    ends!(config(), max_members, 1, 65_536, 0, 65_537);
    ends!(config(), max_candidates, 1, 65_536, 0, 65_537);
    ends!(config(), hello_rate, 1, 1_000_000, 0, 1_000_001);
    ends!(config(), max_prefixes, 1, 65_536, 0, 65_537);
    ends!(
        config(),
        max_member_topics,
        1,
        2_147_483_648,
        0,
        2_147_483_649
    );
    ends!(
        config(),
        max_frame,
        131_072,
        1_073_741_824,
        131_071,
        1_073_741_825
    );
    ends!(
        config(),
        repair_bytes,
        1_024,
        1_073_741_824,
        1_023,
        1_073_741_825
    );
    ends!(config(), repair_messages, 1, 65_536, 0, 65_537);
    let hour = ms(3_600_000);
    ends!(config(), expiry, ms(100), hour, ms(100) - TICK, hour + TICK);
    ends!(
        config(),
        join_within,
        ms(100),
        hour,
        ms(100) - TICK,
        hour + TICK
    );
    ends!(config(), join_grace, ms(0), hour, hour + TICK);
    ends!(
        config(),
        durable_for,
        ms(0),
        ms(2_592_000_000),
        ms(2_592_000_000) + TICK
    );
    ends!(
        config(),
        sync_after,
        ms(1),
        ms(10_000),
        ms(1) - TICK,
        ms(10_000) + TICK
    );
    let mut config = config();
    config.entries_per_part = u16::MAX;
    assert_eq!(config.validate(), Ok(()));
    config.entries_per_part = 0;
    let error = config.validate().expect_err("no entries").to_string();
    assert_eq!(error, "entries_per_part must be in 1..=65535, not 0");
}

#[test]
fn each_setting_of_a_subscriber_has_its_range() {
    let config = || SubscriberConfig::new("a").expect("a name");
    ends!(config(), max_topics, 1, 2_147_483_648, 0, 2_147_483_649);
    ends!(
        config(),
        max_frame,
        65_536,
        2_199_023_255_552,
        65_535,
        2_199_023_255_553
    );
    ends!(config(), ack_delay, ms(0), ms(10_000), ms(10_000) + TICK);
    ends!(
        config(),
        retry_first,
        ms(1),
        ms(10_000),
        ms(1) - TICK,
        ms(10_000) + TICK
    );
    ends!(
        config(),
        retry_longest,
        ms(1),
        ms(60_000),
        ms(1) - TICK,
        ms(60_000) + TICK
    );
    ends!(
        config(),
        farewell,
        ms(1),
        ms(3_600_000),
        ms(1) - TICK,
        ms(3_600_000) + TICK
    );
    let mut config = config();
    config.credentials = Bytes::from(vec![0; 65_535]);
    assert_eq!(config.validate(), Ok(()));
    config.credentials = Bytes::from(vec![0; 65_536]);
    let error = config.validate().expect_err("too long").to_string();
    assert_eq!(error, "credentials must be in 0..=65535 bytes, not 65536");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "time begins here")]
fn a_wait_that_nobody_validated_makes_no_driver_spin() {
    let mut config = SubscriberConfig::new("a").expect("a name");
    (config.retry_first, config.retry_longest) = (Duration::ZERO, Duration::ZERO);
    let identity = Identity {
        session: SessionId::from_u128(1),
        nonce: Nonce::from_u128(2),
    };
    let now = Instant::now();
    let mut machine = Subscriber::new(now, config, identity);
    machine.handle_timeout(now);
    assert!(machine.poll_transmit().is_some(), "HELLO");
    let again = machine.poll_timeout().expect("HELLO is said again");
    assert!(again >= now + ms(1));
}

#[test]
fn names_that_can_not_be_are_refused() {
    let expect = |name: &str| Expected::new(name).expect("a name");
    let mut config = PublisherConfig::default();
    config.durable = vec![String::new()];
    assert!(matches!(config.validate(), Err(ConfigError::Name { .. })));
    config.durable = Vec::new();
    config.expected = vec![expect("a").prefix("\u{0}")];
    assert!(matches!(config.validate(), Err(ConfigError::Prefix { .. })));
    config.expected = vec![expect("a"), expect("b"), expect("a")];
    assert!(config.validate().is_err());
    config.expected.pop();
    assert_eq!(config.validate(), Ok(()));
    assert!(config.is_durable("b") && !config.is_durable("c"));
    assert!(Expected::new("x".repeat(256)).is_err());
}
