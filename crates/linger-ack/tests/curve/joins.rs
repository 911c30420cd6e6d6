//! The right key, and that of another name.

use crate::keys::Keys;
use crate::scene::{Scene, eventually, soon};
use linger_ack::Subscriber;

#[test]
fn a_right_key_joins_is_acked_and_drains() {
    let mut scene = Scene::new();
    let risk = scene.member();
    assert!(scene.doorkeeper.admitted() >= 2, "asked on both ports");
    scene.stream(&risk);
    assert_eq!(scene.doorkeeper.rejected(), 0);
    scene.close();
}

#[test]
fn a_key_of_another_name_is_refused_and_supersedes_nobody() {
    let mut scene = Scene::new();
    let risk = scene.member();
    scene.stream(&risk);
    // It has a key that the doorkeeper knows, and says that it is somebody else.
    let impostor = scene.subscriber("risk-1", &scene.risk_2);
    eventually("it is denied", || scene.ticks.counters().denied > 0);
    scene.stream(&risk);
    assert_eq!(scene.ticks.member_count(), 1);
    assert_eq!((impostor.memberships(), risk.memberships()), (0, 1));
    let report = scene.close();
    assert_eq!(report.counters.superseded, 0, "{report}");
}

#[test]
fn with_its_own_key_the_same_stranger_is_let_in() {
    let scene = Scene::new();
    let risk = scene.subscriber("risk-2", &scene.risk_2);
    assert!(risk.wait_until_member(soon()));
    assert_eq!(scene.ticks.counters().denied, 0);
}

#[test]
fn without_a_doorkeeper_curve_lets_every_key_in_and_nobody_has_a_user_id() {
    let server = Keys::draw();
    let ticks = linger_ack::Publisher::builder("ticks")
        .curve_server(server.secret)
        .authorizer(linger_ack::UserIdIsName)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let builder = Keys::draw().of(Subscriber::builder("risk-1"), server.public);
    let risk = builder.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let risk = risk.expect("connected");
    eventually("its name is not believed", || ticks.counters().denied > 0);
    assert_eq!(risk.memberships(), 0);
}
