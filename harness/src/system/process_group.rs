//! What a QEMU has started does not outlive this process.
//!
//! QEMU itself dies with the harness, for the kernel sees to that. A `qemu` that is a
//! wrapper has children, of which the kernel does not know that they belong to it. They
//! are in its process group, so a helper process waits until the harness is gone, even
//! by SIGKILL, and kills the group.

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
    /// Keeps the group of this process, which leads it. A host without a shell has no
    /// wrapper of QEMU that is a script, and nothing to keep.
    pub(crate) fn of(leader: u32) -> io::Result<Option<Self>> {
        let mut watcher = Command::new("/bin/sh");
        watcher.args(["-c", SCRIPT, "keeper", &leader.to_string()]);
        watcher.stdin(Stdio::piped()).current_dir("/");
        watcher.stdout(Stdio::null()).stderr(Stdio::null());
        // SAFETY: it makes one system call.
        unsafe {
            // The terminal's Ctrl-C is not for it.
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

    /// Ends the group. To be called before its leader is waited for: until then, its
    /// number is no other group's.
    pub(crate) fn end(&self) {
        // It fails where there is none any more.
        let _ = killpg(self.group, Signal::SIGKILL);
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // Its own end is first, so that it ends no later group of that number.
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
    }
}
