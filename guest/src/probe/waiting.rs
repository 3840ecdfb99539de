//! Waiting for processes by the status as the kernel gives it.
//!
//! nix knows no real-time signals: it reaps a process that died of one and then
//! calls that an error (EINVAL).

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::protocol::Status;

/// Reaps one process that is dead, this one or any; nothing where none is.
///
/// # Errors
/// ECHILD where there is no such process.
pub(crate) fn reap(process: Option<Pid>) -> Result<Option<(Pid, Status)>, Errno> {
    wait(process, libc::WNOHANG)
}

/// Waits until this process is dead.
pub(crate) fn wait_for(process: Pid) -> Result<Status, Errno> {
    loop {
        match wait(Some(process), 0) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

fn wait(process: Option<Pid>, options: libc::c_int) -> Result<Option<(Pid, Status)>, Errno> {
    let wanted = process.map_or(-1, Pid::as_raw);
    loop {
        let mut status = 0;
        // SAFETY: it writes the status, which is there for the call.
        let pid = Errno::result(unsafe { libc::waitpid(wanted, &raw mut status, options) })?;
        if pid == 0 {
            return Ok(None);
        }
        if let Some(status) = of_the_dead(status) {
            return Ok(Some((Pid::from_raw(pid), status)));
        }
    }
}

/// How a process died; nothing of one that was stopped or goes on.
const fn of_the_dead(status: libc::c_int) -> Option<Status> {
    if libc::WIFEXITED(status) {
        Some(Status::Exited(libc::WEXITSTATUS(status)))
    } else if libc::WIFSIGNALED(status) {
        Some(Status::Killed(libc::WTERMSIG(status)))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn shell(script: &str) -> (Child, Pid) {
        let child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed());
        (child, pid)
    }

    #[test]
    fn any_signal_is_a_death() {
        // The real-time signals are 32 to 64, of which libc keeps the first two.
        for signal in [9, 15, 34, 40, 64] {
            let (_child, pid) = shell(&format!("kill -{signal} $$"));
            assert_eq!(wait_for(pid), Ok(Status::Killed(signal)));
        }
    }

    #[test]
    fn an_exit_status_is_eight_bits() {
        for status in [0, 1, 255] {
            let (_child, pid) = shell(&format!("exit {status}"));
            assert_eq!(wait_for(pid), Ok(Status::Exited(status)));
        }
    }

    #[test]
    fn one_that_lives_is_not_reaped() {
        let (mut child, pid) = shell("exec sleep 1000");
        assert_eq!(reap(Some(pid)), Ok(None));
        child.kill().unwrap();
        assert_eq!(wait_for(pid), Ok(Status::Killed(9)));
        assert_eq!(reap(Some(pid)), Err(Errno::ECHILD));
    }
}
