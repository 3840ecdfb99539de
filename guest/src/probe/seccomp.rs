//! Filters of system calls.

use nix::errno::Errno;
use nix::libc::{self, c_long, c_ulong};

use super::call::call;
use crate::claims::ProbeError;

/// Ends the probe where the kernel has no filters, because of the configuration.
///
/// # Errors
/// [`ProbeError::NotApplicable`], naming the option.
pub fn require_seccomp_filters() -> Result<(), ProbeError> {
    let filter = libc::SECCOMP_MODE_FILTER as c_long;
    // Without a filter the call fails; with EFAULT where it would have read one.
    match super::prctl(libc::PR_SET_SECCOMP, [filter, 0]) {
        Err(Errno::EFAULT) => Ok(()),
        _ => Err(ProbeError::NotApplicable(
            "CONFIG_SECCOMP_FILTER".to_owned(),
        )),
    }
}

/// seccomp(2) with flags and without a filter: EFAULT where the flags are known.
pub fn seccomp_without_filter(flags: c_ulong) -> Result<(), Errno> {
    let arguments = [libc::SECCOMP_SET_MODE_FILTER as c_long, flags as c_long, 0];
    // SAFETY: the kernel checks the pointer.
    unsafe { call(libc::SYS_seccomp, arguments) }.map(drop)
}

/// seccomp(2) that asks whether a filter may answer with an action.
pub fn seccomp_action_available(action: u32) -> Result<(), Errno> {
    let operation = libc::SECCOMP_GET_ACTION_AVAIL as c_long;
    // SAFETY: it reads one number.
    unsafe {
        call(
            libc::SYS_seccomp,
            [operation, 0, (&raw const action) as c_long],
        )
    }
    .map(drop)
}

/// Has every getppid(2) of the caller stop for its tracer. Everything else is allowed.
pub fn trace_getppid() -> Result<(), Errno> {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const ANSWER: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let step = |code, jf, k| libc::sock_filter { code, jt: 0, jf, k };
    let mut program = [
        // The number of the call comes first in what a filter sees.
        step(LOAD, 0, 0),
        step(EQUAL, 1, libc::SYS_getppid as u32),
        step(ANSWER, 0, libc::SECCOMP_RET_TRACE),
        step(ANSWER, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let filter = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    super::prctl(libc::PR_SET_NO_NEW_PRIVS, [1])?;
    let arguments = [
        libc::PR_SET_SECCOMP as c_long,
        libc::SECCOMP_MODE_FILTER as c_long,
        (&raw const filter) as c_long,
    ];
    // SAFETY: it reads the program, which is there for the call.
    unsafe { call(libc::SYS_prctl, arguments) }.map(drop)
}
