//! A pipe that is full, and that nobody reads.

use rustix::io::{Errno, ioctl_fionbio, write};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::OwnedFd;

/// The end to read, and the end to write to, which blocks whoever does.
pub(super) fn full_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, filled) = pipe_with(PipeFlags::CLOEXEC)?;
    ioctl_fionbio(&filled, true)?;
    let page = [b'.'; 4_096];
    loop {
        match write(&filled, &page) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(errno) => return Err(errno.into()),
        }
    }
    ioctl_fionbio(&filled, false)?;
    Ok((read, filled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    #[test]
    fn it_takes_nothing_more() {
        let (_read, filled) = full_pipe().unwrap();
        let mut fds = [PollFd::new(&filled, PollFlags::OUT)];
        let no_time = Timespec::default();
        assert_eq!(poll(&mut fds, Some(&no_time)).unwrap(), 0);
    }
}
