//! What is no value but code of one processor: registers, instructions, the interrupt
//! controller. May use: nothing else. Only here does code ask for which processor it is
//! built.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::*;

/// A register in memory that switches all interrupts of the processor off.
pub(crate) struct InterruptSwitch {
    /// The page that it is in: its physical address, in bytes.
    pub(crate) page: libc::off_t,
    /// Where it is in that page, in bytes.
    pub(crate) register: usize,
    /// The bits that are cleared.
    pub(crate) on: u32,
}
