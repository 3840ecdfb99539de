//! Processes that do not outlive the one that started them.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, id};

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{getppid, setsid};

/// Makes a command one that hears this signal when the thread that starts it ends, be it
/// by `kill -9`, and that hears nothing of the terminal's Ctrl-C.
pub(crate) fn dies_with_this(command: &mut Command, signal: Signal) {
    let parent = id();
    let prepare = move || -> io::Result<()> {
        setsid()?;
        die_with(parent, signal)
    };
    // SAFETY: between fork(2) and execve(2) it makes system calls only.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// Makes this process, between fork(2) and execve(2), hear a signal when the thread that
/// started it ends; `parent` is the number of that one's process.
pub(crate) fn die_with(parent: u32, signal: Signal) -> io::Result<()> {
    prctl::set_pdeathsig(signal)?;
    // The parent may have died before that.
    if getppid().as_raw().cast_unsigned() != parent {
        return Err(io::ErrorKind::Interrupted.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;
    use std::thread;

    use super::*;

    #[test]
    fn a_child_dies_with_the_thread_that_started_it() {
        let mut command = Command::new("sleep");
        command.arg("60").stdin(Stdio::null());
        dies_with_this(&mut command, Signal::SIGTERM);
        let start = move || command.spawn().unwrap();
        let mut child = thread::spawn(start).join().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.to_string(), "signal: 15 (SIGTERM)");
    }
}
