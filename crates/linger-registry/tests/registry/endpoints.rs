//! Where sockets are bound and connected, and where they can't be.

use std::error::Error;
use std::io::ErrorKind;

use linger_registry::{BindError, ConnectError, Endpoint, EndpointFault, Registry, Socket, zmq};

fn push(registry: &Registry) -> Socket {
    registry.socket(zmq::PUSH).open().unwrap()
}

#[test]
fn a_wildcard_port_is_known_after_the_bind() {
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).open().unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let bound = pull.last_endpoint().unwrap();
    assert!(
        bound.starts_with("tcp://127.0.0.1:") && !bound.ends_with('*'),
        "{bound}"
    );
    pull.connect("tcp://127.0.0.1:1").unwrap();
    let connected = Endpoint::Connected("tcp://127.0.0.1:1".into());
    assert_eq!(pull.endpoints(), [Endpoint::Bound(bound), connected]);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let registry = Registry::new();
    let first = push(&registry);
    first.bind("tcp://127.0.0.1:*").unwrap();
    let taken = first.last_endpoint().unwrap();
    let second = registry.socket(zmq::PUSH).name("second").open().unwrap();
    match second.bind(&taken) {
        Err(BindError::InUse {
            socket,
            endpoint,
            source,
        }) => {
            assert_eq!((socket.as_str(), endpoint), ("second", taken));
            assert_eq!(source, zmq::Error::EADDRINUSE);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(second.last_endpoint(), None);
}

#[test]
fn endpoints_that_cannot_be_are_refused_by_name() {
    let registry = Registry::new();
    let socket = push(&registry);
    for bad in ["", "tcp", "tcp://", "tcp://127.0.0.1", "pigeon://x"] {
        match socket.bind(bad) {
            Err(BindError::BadEndpoint {
                endpoint,
                source: EndpointFault::Refused(_),
                ..
            }) => {
                assert_eq!(endpoint, bad);
            }
            other => panic!("bind {bad}: {other:?}"),
        }
    }
    for bad in ["", "tcp", "pigeon://x", "tcp://127.0.0.1"] {
        match socket.connect(bad) {
            Err(ConnectError::BadEndpoint { endpoint, .. }) => assert_eq!(endpoint, bad),
            other => panic!("connect {bad}: {other:?}"),
        }
    }
}

#[test]
fn a_port_that_libzmq_would_bend_is_refused() {
    let registry = Registry::new();
    let socket = push(&registry);
    // libzmq takes these for 34463, 80 and 1.
    for bad in [
        "tcp://127.0.0.1:99999",
        "tcp://127.0.0.1:80x",
        "tcp://[::1]",
    ] {
        let fault = EndpointFault::Port;
        assert!(
            matches!(socket.bind(bad), Err(BindError::BadEndpoint { source, .. }) if source == fault),
            "{bad}"
        );
        assert!(
            matches!(socket.connect(bad), Err(ConnectError::BadEndpoint { source, .. }) if source == fault),
            "{bad}"
        );
    }
    assert!(socket.endpoints().is_empty());
}

#[test]
fn a_nul_byte_is_an_error_and_no_panic() {
    let registry = Registry::new();
    let socket = push(&registry);
    let bad = "tcp://127.0.0.1\0:5555";
    let fault = EndpointFault::Nul(15);
    assert!(
        matches!(socket.bind(bad), Err(BindError::BadEndpoint { source, .. }) if source == fault)
    );
    assert!(
        matches!(socket.connect(bad), Err(ConnectError::BadEndpoint { source, .. }) if source == fault)
    );
    let text = socket.bind(bad).unwrap_err();
    assert!(
        text.to_string().contains(r"tcp://127.0.0.1\0:5555"),
        "{text}"
    );
    assert_eq!(
        text.source().unwrap().to_string(),
        "it holds a NUL byte at offset 15"
    );
    assert_eq!(socket.monitor("inproc://\0", 0), Err(zmq::Error::EINVAL));
}

#[test]
fn an_ipc_path_that_cannot_be_is_an_error_and_no_panic() {
    let registry = Registry::new();
    let socket = push(&registry);
    let folder = std::env::temp_dir();
    let missing = format!(
        "ipc://{}/linger-registry-no-such-folder/socket",
        folder.display()
    );
    // This test's own source is a file: no folder to put a socket into.
    let through_file = format!(
        "ipc://{}/{}/socket",
        env!("CARGO_MANIFEST_DIR"),
        "Cargo.toml"
    );
    let below_file = format!("ipc://{}/Cargo.toml/a/socket", env!("CARGO_MANIFEST_DIR"));
    for (bad, kind) in [
        (missing, ErrorKind::NotFound),
        (through_file, ErrorKind::NotADirectory),
        (below_file, ErrorKind::NotADirectory),
    ] {
        match socket.bind(&bad) {
            Err(BindError::System {
                endpoint, source, ..
            }) => {
                assert_eq!((endpoint, source.kind()), (bad, kind));
            }
            other => panic!("{bad}: {other:?}"),
        }
    }
    let too_long = format!("ipc://{}/{}", folder.display(), "x".repeat(200));
    assert!(matches!(
        socket.bind(&too_long),
        Err(BindError::BadEndpoint { .. })
    ));
}

#[test]
fn an_ipc_path_that_can_be_works() {
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).open().unwrap();
    // Not `ipc://*`: libzmq leaves its socket in the current folder.
    let name = format!("linger-registry-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    pull.bind(&format!("ipc://{}", path.display())).unwrap();
    let push = push(&registry);
    push.connect(&pull.last_endpoint().unwrap()).unwrap();
    push.send("here", 0).unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"here");
    drop((pull, push));
    let report = registry.close_by(crate::support::ample());
    assert!(report.is_clean(), "{report}");
    // libzmq 4.3.4 leaves it there.
    std::fs::remove_file(&path).unwrap();
}
