//! Paths of `ipc://` endpoints.

use std::fs;
use std::io;
use std::path::Path;

/// Whether the folder that the socket's file would be in is there.
///
/// libzmq would say so too, but with errnos on which `zmq` panics, such as `ENOTDIR` and `ELOOP`.
pub(crate) fn check_folder(endpoint: &str) -> io::Result<()> {
    let Some(path) = endpoint.strip_prefix("ipc://") else {
        return Ok(());
    };
    // A wildcard, and Linux's abstract names, are not in the file system.
    if path.is_empty() || path.starts_with(['*', '@']) {
        return Ok(());
    }
    match Path::new(path).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            if fs::metadata(folder)?.is_dir() {
                Ok(())
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            }
        }
        _ => Ok(()),
    }
}
