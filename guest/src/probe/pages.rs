//! Memory of a probe's own, for the calls that are about memory.

use std::num::NonZeroUsize;

use nix::errno::Errno;
use nix::libc::{c_int, c_void};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

const SIZE: usize = 4096;

/// Anonymous pages, private and writable, that stay as long as the process.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    start: usize,
    count: usize,
}

impl Pages {
    /// Maps some.
    ///
    /// # Errors
    /// As mmap(2).
    pub fn map(count: usize) -> Result<Self, Errno> {
        let length = NonZeroUsize::new(count * SIZE).ok_or(Errno::EINVAL)?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses a place where nothing is.
        let start = unsafe { mmap_anonymous(None, length, protection, MapFlags::MAP_PRIVATE) }?;
        let start = start.as_ptr() as usize;
        Ok(Self { start, count })
    }

    /// Some of these pages.
    #[must_use]
    pub fn part(self, first: usize, count: usize) -> Self {
        let start = self.start + first * SIZE;
        Self { start, count }
    }

    /// Where they begin.
    #[must_use]
    pub fn start(self) -> *mut c_void {
        self.start as *mut c_void
    }

    /// How many bytes they are.
    #[must_use]
    pub fn length(self) -> usize {
        self.count * SIZE
    }

    /// Writes the first byte, and so has the kernel give a page.
    pub fn write(self, byte: u8) {
        // SAFETY: the page is mapped, and nothing else uses it.
        unsafe { self.start().cast::<u8>().write_volatile(byte) };
    }

    /// Reads the first byte.
    #[must_use]
    pub fn read(self) -> u8 {
        // SAFETY: the page is mapped.
        unsafe { self.start().cast::<u8>().read_volatile() }
    }

    /// madvise(2).
    ///
    /// # Errors
    /// EINVAL where the kernel does not know the advice.
    pub fn advise(self, advice: c_int) -> Result<(), Errno> {
        // SAFETY: nothing but the probe uses the pages.
        Errno::result(unsafe { libc::madvise(self.start(), self.length(), advice) }).map(drop)
    }

    /// mprotect(2).
    ///
    /// # Errors
    /// As the call.
    pub fn protect(self, protection: c_int) -> Result<(), Errno> {
        // SAFETY: as in `advise`.
        Errno::result(unsafe { libc::mprotect(self.start(), self.length(), protection) }).map(drop)
    }

    /// munmap(2).
    ///
    /// # Errors
    /// As the call.
    pub fn unmap(self) -> Result<(), Errno> {
        // SAFETY: as in `advise`.
        Errno::result(unsafe { libc::munmap(self.start(), self.length()) }).map(drop)
    }

    /// Whether all of them are mapped.
    #[must_use]
    pub fn are_mapped(self) -> bool {
        // SAFETY: it writes nothing back where nothing is dirty.
        unsafe { libc::msync(self.start(), self.length(), libc::MS_ASYNC) == 0 }
    }
}
