//! What a service manager is told, by a manager that is not systemd.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use linger_coordinator::{Builder, Coordinator, Phase, Phases};

use crate::LONG;

/// A manager at a socket with a path, in a folder of its own.
struct Manager {
    socket: UnixDatagram,
    folder: PathBuf,
}

impl Manager {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = format!("linger-notify-{}-{next}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let socket = UnixDatagram::bind(folder.join("notify")).unwrap();
        Self { socket, folder }
    }

    fn address(&self) -> OsString {
        self.folder.join("notify").into()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn builder(address: impl Into<OsString>) -> Builder {
    Coordinator::builder()
        .phases(Phases::new().then(Phase::WORK))
        .budget(LONG)
        .notify_socket(address)
}

fn next(socket: &UnixDatagram) -> String {
    socket.set_read_timeout(Some(LONG)).unwrap();
    let mut datagram = [0; 4096];
    let length = socket.recv(&mut datagram).unwrap();
    String::from_utf8(datagram[..length].to_vec()).unwrap()
}

/// All that is told until it contains this.
fn until(socket: &UnixDatagram, end: &str) -> String {
    let mut told = String::new();
    while !told.contains(end) {
        told.push_str(&next(socket));
    }
    told
}

/// A stop with one member, which says something new before it ends.
fn stop(builder: Builder) -> linger_coordinator::Report {
    let stop = builder.start().unwrap();
    stop.notify_ready();
    stop.spawn_blocking("journal", Phase::WORK, |member| {
        member.wait();
        Ok(())
    })
    .unwrap();
    let since = Instant::now();
    stop.shutdown();
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    assert!(since.elapsed() < LONG / 3, "{:?}", since.elapsed());
    report
}

#[test]
fn a_manager_hears_of_ready_stopping_and_the_end() {
    let manager = Manager::new();
    let _ = stop(builder(manager.address()));
    assert_eq!(next(&manager.socket), "READY=1\n");
    let told = until(&manager.socket, "STATUS=Stopped in ");
    assert!(told.starts_with("STOPPING=1\n"), "{told}");
    assert!(told.contains("clean\n"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_address_is_as_good_as_a_path() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    let name = format!("linger-notify-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    let _ = stop(builder(format!("@{name}")));
    assert_eq!(next(&socket), "READY=1\n");
    assert!(until(&socket, "STATUS=Stopped in ").starts_with("STOPPING=1\n"));
}

#[test]
fn a_manager_that_never_reads_holds_up_nothing_and_is_told_once_it_does() {
    let manager = Manager::new();
    let noise = UnixDatagram::unbound().unwrap();
    noise.set_nonblocking(true).unwrap();
    let address = manager.address();
    while noise.send_to(b"NOISE=1\n", &address).is_ok() {}
    let full = noise.send_to(b"NOISE=1\n", &address).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::WouldBlock);

    let coordinator = builder(&address).start().unwrap();
    let member = coordinator.register("journal").phase(Phase::WORK).unwrap();
    let since = Instant::now();
    coordinator.shutdown();
    member.wait();
    drop(member);
    assert!(coordinator.wait_blocking().is_clean());
    assert!(since.elapsed() < LONG / 3, "{:?}", since.elapsed());

    // It tries again for as long as the coordinator is there.
    let told = until(&manager.socket, "STATUS=Stopped in ").replace("NOISE=1\n", "");
    assert!(told.starts_with("STOPPING=1\n"), "{told}");
}

#[test]
fn a_manager_that_is_gone_is_no_matter() {
    let address = Manager::new().address();
    let _ = stop(builder(address));
    let _ = stop(builder("/no/such/folder/notify"));
}

#[test]
fn an_address_of_no_kind_that_is_known_is_no_matter() {
    for address in ["", "@", "vsock:2:1234", "notify", "/", "@\0"] {
        let _ = stop(builder(address));
    }
    let _ = stop(builder(format!("/{}", "x".repeat(4096))));
}

#[test]
fn a_stop_that_advances_asks_for_time_up_to_its_hard_end_and_one_that_hangs_does_not() {
    let manager = Manager::new();
    let stop = builder(manager.address()).start().unwrap();
    let member = stop.register("journal").phase(Phase::WORK).unwrap();
    member.note("1 of 7");
    stop.shutdown();
    // The first of these is told when the phase begins, the others every few seconds.
    for _ in 0..2 {
        let told = until(&manager.socket, "1 left (journal “1 of 7”)");
        assert!(!told.contains("EXTEND_TIMEOUT_USEC"), "{told}");
    }
    let before = Instant::now();
    member.note("2 of 7");
    let told = until(&manager.socket, "EXTEND_TIMEOUT_USEC=");
    assert!(told.contains("1 left (journal “2 of 7”)"), "{told}");
    let (_, time) = told.split_once("EXTEND_TIMEOUT_USEC=").unwrap();
    let time: u64 = time.lines().next().unwrap().parse().unwrap();
    let asked = Duration::from_micros(time);
    // The hard end and a margin of 2 s, seen from now, some seconds after the trigger.
    assert!(asked < LONG && asked > LONG / 3, "{asked:?} at {before:?}");
    drop(member);
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn a_name_can_not_put_words_into_its_mouth() {
    let manager = Manager::new();
    let stop = builder(manager.address()).start().unwrap();
    let member = stop.register("a\nMAINPID=1\nb").phase(Phase::WORK).unwrap();
    stop.shutdown();
    let told = until(&manager.socket, "1 left");
    assert!(
        !told.lines().any(|line| line.starts_with("MAINPID")),
        "{told}"
    );
    drop(member);
    assert!(stop.wait_blocking().is_clean());
}

/// As a process of its own, by the test below, it has an address.
#[test]
fn without_an_address_a_stop_is_as_ever() {
    let builder = Coordinator::builder().budget(LONG).notify_systemd();
    let stop = builder.start().unwrap();
    stop.notify_ready();
    stop.shutdown();
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn the_address_stands_in_the_environment() {
    let manager = Manager::new();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "systemd::without_an_address_a_stop_is_as_ever"]);
    let output = child
        .env("NOTIFY_SOCKET", manager.address())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert_eq!(next(&manager.socket), "READY=1\n");
    let told = next(&manager.socket);
    assert!(told.starts_with("STOPPING=1\n"), "{told}");
}
