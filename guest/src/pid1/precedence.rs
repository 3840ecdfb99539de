//! PID 1's precedence over the programs that it starts.

use crate::probe::set_scheduler;

/// linux/sched.h; the C library has no name for it on each target.
const SCHED_RESET_ON_FORK: libc::c_int = 0x4000_0000;

/// Until this is dropped, PID 1 runs as soon as it can, before any program: what a program
/// writes is carried before it can end the kernel, where there is one processor.
///
/// A process that is started meanwhile does not inherit it (sched(7), since 2.6.32), but has
/// no timer slack, as real-time processes (prctl(2): PR_SET_TIMERSLACK). So a program is
/// started before.
pub(super) struct Precedence(());

impl Precedence {
    pub(super) fn take() -> Self {
        let _ = set_scheduler(libc::SCHED_FIFO | SCHED_RESET_ON_FORK, 1);
        Self(())
    }
}

impl Drop for Precedence {
    fn drop(&mut self) {
        let _ = set_scheduler(libc::SCHED_OTHER, 0);
    }
}
