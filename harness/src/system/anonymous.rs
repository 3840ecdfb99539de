//! Anonymous files (memfd), freed by the kernel even after SIGKILL.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process;

use anyhow::{Context, Result};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// A new file in memory.
///
/// # Errors
/// If the kernel has no more of them.
pub(crate) fn file(purpose: &str) -> Result<File> {
    let file = memfd_create(purpose, MFdFlags::MFD_CLOEXEC)
        .with_context(|| format!("creating a file in memory for the {purpose}"))?;
    Ok(file.into())
}

/// The path under which another process of this user opens a file of ours, for
/// as long as we have it open (proc_pid_fd(5)).
pub(crate) fn path(file: &impl AsRawFd) -> PathBuf {
    format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd()).into()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_without_a_name_is_read_by_its_path() {
        let mut file = file("test").unwrap();
        file.write_all(b"content").unwrap();
        assert_eq!(fs::read(path(&file)).unwrap(), b"content");
    }
}
