//! Wrong keys and none: not heard, told so by nobody, and the pair beside them loses nothing.

use std::time::Duration;

use linger_registry::{Outcome, Registry, Socket, zmq};

use crate::doorkeeper::Doorkeeper;
use crate::keys::{Keys, guarded};
use crate::wire::Wire;
use crate::{eventually, soon};

const LINGER: Duration = Duration::from_millis(200);

/// Somebody connects beside an honest pair; `is_out` tells when it has been turned away.
fn is_kept_out(
    prepare: impl FnOnce(&Socket, &Keys, &Keys),
    is_out: impl Fn(&Doorkeeper, &Wire) -> bool,
) {
    let (server, client) = (Keys::draw(), Keys::draw());
    let registry = Registry::new();
    let doorkeeper = Doorkeeper::start(&registry, vec![("worker-1", client)]);
    let (pull, endpoint) = guarded(&registry, &server);
    let honest = Registry::new();
    let push = honest.socket(zmq::PUSH).name("out").open().expect("opened");
    client.show(&push, server.public).expect("shown");
    push.connect(&endpoint).expect("connected");

    let wire = Wire::tapped(&endpoint);
    let elsewhere = Registry::new();
    let stranger = elsewhere.socket(zmq::PUSH).name("stranger").linger(LINGER);
    let stranger = stranger.open().expect("opened");
    prepare(&stranger, &server, &client);
    stranger.connect(&wire.endpoint).expect("connected");
    stranger.send("let me in", 0).expect("queued");
    eventually("it is turned away", || is_out(&doorkeeper, &wire));

    for number in 0..100 {
        push.send(&*number.to_string(), 0).expect("sent");
        let message = pull.recv_by(soon()).expect("received");
        assert_eq!(message.as_str(), Some(&*number.to_string()));
    }
    assert_eq!(doorkeeper.admitted(), 1);

    drop(stranger);
    let report = elsewhere.close_by(soon());
    let ended = report.socket("stranger").expect("it is in the report");
    // Its message is discarded when its linger is over, or earlier: libzmq drops the queue when a
    // handshake fails while the socket lingers, which can't be told from an empty one.
    match ended.outcome() {
        Outcome::Expired { linger } => assert_eq!(*linger, LINGER),
        Outcome::Emptied { after } => assert!(*after < LINGER, "{report}"),
        _ => panic!("{report}"),
    }
    drop(push);
    let report = honest.close_by(soon());
    assert!(report.is_clean(), "{report}");
    assert_eq!(pull.queued().count(), 0);
    drop(pull);
    let report = registry.close_by(soon());
    assert!(report.is_clean(), "{report}");
    doorkeeper.join();
}

#[test]
fn a_key_that_the_doorkeeper_does_not_know_is_kept_out() {
    is_kept_out(
        |stranger, server, _| Keys::draw().show(stranger, server.public).expect("shown"),
        |doorkeeper, _| doorkeeper.rejected() > 0,
    );
}

#[test]
fn a_public_key_without_its_secret_is_kept_out() {
    is_kept_out(
        |stranger, server, client| {
            let thief = Keys {
                public: client.public,
                ..Keys::draw()
            };
            thief.show(stranger, server.public).expect("shown");
        },
        |_, wire| wire.hung_up() > 0,
    );
}

#[test]
fn who_expects_another_server_is_kept_out() {
    is_kept_out(
        |stranger, _, client| {
            let other = Keys::draw().public;
            client.show(stranger, other).expect("shown");
        },
        |_, wire| wire.hung_up() > 0,
    );
}

#[test]
fn no_key_at_all_is_kept_out() {
    is_kept_out(|_, _, _| {}, |_, wire| wire.hung_up() > 0);
}

#[test]
fn a_password_in_the_place_of_a_key_is_kept_out() {
    is_kept_out(
        |stranger, _, _| {
            stranger.set_plain_username(Some("worker-1")).expect("set");
            stranger.set_plain_password(Some("sesame")).expect("set");
        },
        |_, wire| wire.hung_up() > 0,
    );
}
