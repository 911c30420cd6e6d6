//! Wrong keys and none: not heard on either port, and the member beside them loses nothing.

use crate::keys::Keys;
use crate::scene::{Scene, eventually};
use crate::wire::Wire;
use linger_ack::{Subscriber, SubscriberBuilder};

/// Somebody connects to both ports while messages stream, and is hung up on, again and again.
fn is_not_heard(stranger: impl Fn(&Scene, SubscriberBuilder) -> SubscriberBuilder) {
    let mut scene = Scene::new();
    let risk = scene.member();
    scene.stream(&risk);
    let data = Wire::tapped(scene.ticks.data_endpoint());
    let control = Wire::tapped(scene.ticks.control_endpoint());
    // The name is that of the member, which a HELLO that is heard would end.
    let builder = Subscriber::builder("risk-1").subscribe("");
    let stranger = stranger(&scene, builder);
    let stranger = stranger.connect(&data.endpoint, &control.endpoint);
    let stranger = stranger.expect("connected");
    for wire in [&data, &control] {
        eventually("it is hung up on", || wire.hung_up() > 0);
    }
    scene.stream(&risk);
    assert_eq!((stranger.memberships(), risk.memberships()), (0, 1));
    let report = scene.close();
    let counters = &report.counters;
    assert_eq!((counters.joined, counters.denied), (1, 0), "{report}");
}

#[test]
fn a_key_that_the_doorkeeper_does_not_know_is_not_heard() {
    let mut scene = Scene::new();
    let risk = scene.member();
    let stranger = scene.subscriber("risk-1", &Keys::draw());
    eventually("it is rejected on both ports", || {
        scene.doorkeeper.rejected() >= 2
    });
    scene.stream(&risk);
    assert_eq!((stranger.memberships(), risk.memberships()), (0, 1));
    let report = scene.close();
    assert_eq!(report.counters.denied, 0, "it never got that far: {report}");
}

#[test]
fn who_has_the_wrong_key_of_the_publisher_is_not_heard() {
    is_not_heard(|scene, builder| scene.risk_1.of(builder, Keys::draw().public));
}

#[test]
fn a_public_key_without_its_secret_is_not_heard() {
    is_not_heard(|scene, builder| {
        let thief = Keys {
            public: scene.risk_1.public,
            ..Keys::draw()
        };
        thief.of(builder, scene.server.public)
    });
}

#[test]
fn no_key_at_all_is_not_heard() {
    is_not_heard(|_, builder| builder);
}

#[test]
fn a_password_in_the_place_of_a_key_is_not_heard() {
    is_not_heard(|_, builder| builder.plain("risk-1", "sesame"));
}
