//! The memory that a thread shares with the kernel, which keeps in it on which CPU the
//! thread runs.

use std::ptr;

use nix::errno::Errno;
use nix::libc::c_long;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use super::call::call;
use crate::claims::ProbeError;

/// The kernel's `struct rseq`, as long as it was at first.
#[repr(C, align(32))]
struct Area {
    cpu_id_start: u32,
    /// Which is not looked at.
    rest: [u32; 7],
}

/// The calling thread's shared memory.
#[derive(Debug)]
pub struct Rseq(*mut u32);

impl Rseq {
    /// Registers the memory. From then on the thread stays on one CPU. The C library has
    /// done so for its threads and their forks; a process of [`sharing_memory`] is free to.
    ///
    /// [`sharing_memory`]: super::sharing_memory()
    ///
    /// # Errors
    /// [`ProbeError::NotApplicable`] where the kernel has no rseq(2), and where even such a process
    /// starts with the memory of the thread that made it, as on 4.19: it may register no other.
    pub fn register() -> Result<Self, ProbeError> {
        const SIGNATURE: c_long = 0x5305_3053;
        let mut here = CpuSet::new();
        here.set(nix::sched::sched_getcpu()?)?;
        sched_setaffinity(Pid::from_raw(0), &here)?;
        let area = ptr::from_mut(Box::leak(Box::new(Area {
            cpu_id_start: 0,
            // The first is the CPU, of which there is none yet.
            rest: [u32::MAX, 0, 0, 0, 0, 0, 0],
        })));
        let arguments = [area as c_long, size_of::<Area>() as c_long, 0, SIGNATURE];
        // SAFETY: the memory is never freed.
        match unsafe { call(libc::SYS_rseq, arguments) } {
            // SAFETY: it is the address of a field.
            Ok(_) => Ok(Self(unsafe { &raw mut (*area).cpu_id_start })),
            Err(Errno::ENOSYS) => Err(ProbeError::NotApplicable("rseq(2)".to_owned())),
            Err(Errno::EINVAL) => Err(ProbeError::NotApplicable(
                "a free rseq(2) of a process that shares memory".to_owned(),
            )),
            Err(errno) => Err(errno.into()),
        }
    }

    /// What the kernel says is the thread's CPU.
    #[must_use]
    pub fn cpu_id_start(&self) -> u32 {
        // SAFETY: the memory is never freed, and the kernel writes it.
        unsafe { self.0.read_volatile() }
    }

    /// Writes something else in its place.
    pub fn scribble(&self, value: u32) {
        // SAFETY: the memory is never freed.
        unsafe { self.0.write_volatile(value) };
    }
}
