use std::sync::mpsc;
use std::time::Duration;

use super::*;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn shell(script: &str) -> Child {
    Child::spawn("shell", Command::new("sh").args(["-c", script])).unwrap()
}

#[test]
fn lines_are_waited_for_in_order() {
    let child = shell("echo one; echo two; echo three; echo oops >&2");
    assert_eq!(
        child.wait_for_line(soon(), |line| line == "two").unwrap(),
        "two"
    );
    let gone = child
        .wait_for_line(soon(), |line| line == "one")
        .unwrap_err();
    assert!(matches!(gone, LineError::Ended { .. }), "{gone}");
    assert!(gone.to_string().contains("three"), "{gone}");
    assert_eq!(child.wait_for_error_line(soon(), |_| true).unwrap(), "oops");
}

#[test]
fn a_line_that_does_not_come_is_missed_at_the_deadline() {
    let child = shell("echo here; read line");
    let missed = child
        .wait_for_line(Instant::now(), |line| line == "never")
        .unwrap_err();
    assert!(matches!(missed, LineError::Deadline { .. }), "{missed}");
}

#[test]
fn what_is_said_is_heard() {
    let child = shell("read line; echo \"<$line>\"");
    child.say("word").unwrap();
    assert_eq!(child.wait_for_line(soon(), |_| true).unwrap(), "<word>");
    child.close_stdin();
    assert!(child.say("more").is_err());
}

#[test]
fn a_listener_hears_every_line_and_the_end() {
    let (tell, heard) = mpsc::channel();
    let child = Child::spawn_listening(
        "shell",
        Command::new("sh").args(["-c", "echo a; echo b"]),
        {
            move |what| {
                let _ = tell.send(match what {
                    Heard::Line(line) => Some(line.to_owned()),
                    Heard::End => None,
                });
            }
        },
    )
    .unwrap();
    child.wait_for_exit(soon()).unwrap();
    let all: Vec<_> = std::iter::from_fn(|| heard.recv_timeout(Duration::from_secs(20)).ok())
        .take_while(Option::is_some)
        .flatten()
        .collect();
    assert_eq!(all, ["a", "b"]);
}

#[test]
fn the_exit_code_and_its_moment_are_known() {
    let before = Instant::now();
    let child = shell("exit 7");
    let exit = child.wait_for_exit(soon()).unwrap();
    assert_eq!(exit.status.code(), Some(7));
    assert!(exit.at >= before && exit.at <= Instant::now());
    assert_eq!(child.exited(), Some(exit));
}

#[test]
fn no_signal_is_sent_to_a_process_that_has_ended() {
    let child = shell("exit 0");
    child.wait_for_exit(soon()).unwrap();
    let refused = child.signal(Signal::Kill).unwrap_err();
    assert!(matches!(refused, SignalError::Ended { .. }), "{refused}");
}

#[test]
fn terminate_ends_it() {
    use std::os::unix::process::ExitStatusExt;

    let child = shell("read line");
    child.signal(Signal::Terminate).unwrap();
    assert_eq!(
        child.wait_for_exit(soon()).unwrap().status.signal(),
        Some(15)
    );
}

#[test]
fn a_stopped_process_answers_only_when_it_goes_on() {
    let child = shell("echo ready; while read line; do echo \"$line\"; done");
    child.wait_for_line(soon(), |line| line == "ready").unwrap();
    child.signal(Signal::Stop).unwrap();
    child.say("ping").unwrap();
    let short = Instant::now() + Duration::from_millis(100);
    assert!(child.wait_for_line(short, |line| line == "ping").is_err());
    assert!(child.exited().is_none());
    child.signal(Signal::Continue).unwrap();
    child.wait_for_line(soon(), |line| line == "ping").unwrap();
}

#[test]
fn dropping_kills_and_reaps_even_a_stopped_process() {
    let child = shell("echo ready; read line");
    child.wait_for_line(soon(), |line| line == "ready").unwrap();
    child.signal(Signal::Stop).unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.pid()).unwrap()).unwrap();
    drop(child);
    // Reaped: there is no such process, not even a dead one. (The pid can't be reused this soon.)
    assert_eq!(
        rustix::process::test_kill_process(pid),
        Err(rustix::io::Errno::SRCH)
    );
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let missing = Child::spawn("ghost", &mut Command::new("/no/such/program")).unwrap_err();
    assert_eq!(missing.to_string(), "cannot start ghost");
}

#[test]
fn the_last_lines_are_whole_once_both_outputs_are_closed() {
    let child = shell("echo said; echo cried >&2");
    assert_eq!(child.wait_for_last_lines(soon()).unwrap(), "said\ncried");
    // One that is closed is not both.
    let child = shell("exec 2>&-; echo ready; read line");
    child.wait_for_line(soon(), |line| line == "ready").unwrap();
    let missed = child.wait_for_last_lines(Instant::now()).unwrap_err();
    assert!(matches!(missed, LineError::Deadline { .. }), "{missed}");
}

#[test]
fn an_unheard_child_writes_where_its_command_says() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    let (mut reader, writer) = UnixStream::pair().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo elsewhere; read line; exit 3"]);
    command.stdout(OwnedFd::from(writer)).stderr(Stdio::null());
    let child = Child::spawn_unheard("sh", &mut command).unwrap();
    let missed = child.wait_for_line(soon(), |_| true).unwrap_err();
    assert!(matches!(missed, LineError::Ended { .. }), "{missed}");
    child.close_stdin();
    let exit = child.wait_for_exit(soon()).unwrap();
    assert_eq!(exit.status.code(), Some(3));
    // The command holds the other end, too.
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "elsewhere\n");
}
