//! The process group of a QEMU, which does not outlive this process.
//!
//! QEMU itself dies with the harness by PDEATHSIG. The children of a wrapper of QEMU do
//! not. They are in its process group, so a helper process waits until the harness is
//! gone, even by SIGKILL, and kills the group.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, setsid};

/// Blocks on the pipe until the harness is gone, which closes it.
const SCRIPT: &str = "read -r _; kill -s KILL -- \"-$1\"";

/// A process group that ends when this is dropped, or when this process ends.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    group: Pid,
    watcher: Child,
}

impl ProcessGroup {
    /// Watches the group that this process leads. A host without a shell has no wrapper
    /// scripts, and needs no watcher.
    pub(crate) fn of(leader: u32) -> io::Result<Option<Self>> {
        let mut watcher = Command::new("/bin/sh");
        watcher.args(["-c", SCRIPT, "keeper", &leader.to_string()]);
        watcher.stdin(Stdio::piped()).current_dir("/");
        watcher.stdout(Stdio::null()).stderr(Stdio::null());
        // SAFETY: it makes one system call.
        unsafe {
            // Keeps the terminal's Ctrl-C from it.
            watcher.pre_exec(|| Ok(setsid().map(drop)?));
        }
        let watcher = match watcher.spawn() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            watcher => watcher?,
        };
        Ok(Some(Self {
            group: Pid::from_raw(leader.cast_signed()),
            watcher,
        }))
    }

    /// Kills the group. Call it before its leader is reaped: until then, no other group
    /// has its id.
    pub(crate) fn end(&self) {
        // It fails if the group is gone.
        let _ = killpg(self.group, Signal::SIGKILL);
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // Killed first, so that it cannot kill a later group of the same id.
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
    }
}
