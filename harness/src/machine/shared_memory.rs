//! The memory that a machine shares with this process.

use std::ffi::OsString;
use std::fs::File;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, Result};
use guest::ring::{SHARED_BYTES, mark};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use crate::system::anonymous;

/// The device through which a guest reaches the memory. It needs no driver.
pub(super) const DEVICE: &str = "ivshmem-plain";

/// The part of a lane of the memory, which is mapped here until the last of these is dropped.
/// A machine without lanes has one. Whatever is in it may have been written by a program in
/// the guest, at any time.
#[derive(Clone, Debug)]
pub(crate) struct SharedMemory {
    file: Arc<File>,
    mapping: Arc<Mapping>,
    lane: usize,
}

impl SharedMemory {
    /// New memory for so many lanes, which has the mark by which a guest knows it.
    pub(crate) fn new(lanes: usize) -> Result<Self> {
        // PCI wants a power of two.
        let bytes = SHARED_BYTES * lanes.next_power_of_two();
        let file = sealed(bytes).context("making memory to share with a machine")?;
        let mapping = Mapping::of(&file, bytes);
        let mapping = mapping.context("mapping memory to share with a machine")?;
        let memory = Self {
            file: Arc::new(file),
            mapping: Arc::new(mapping),
            lane: 0,
        };
        mark(&memory);
        Ok(memory)
    }

    /// The part of another lane, if there is one.
    pub(super) fn of_lane(&self, lane: usize) -> Option<Self> {
        let is_there = lane < self.mapping.bytes / SHARED_BYTES;
        is_there.then(|| Self {
            lane,
            ..self.clone()
        })
    }

    /// The arguments that give it to QEMU.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut object = OsString::from(format!(
            "memory-backend-file,id=streams,size={},share=on,mem-path=",
            self.mapping.bytes
        ));
        object.push(anonymous::path(&*self.file));
        // Without `master`, a machine could not be saved.
        let device = format!("{DEVICE},memdev=streams,master=on");
        vec!["-object".into(), object, "-device".into(), device.into()]
    }
}

impl Deref for SharedMemory {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        let words = SHARED_BYTES / size_of::<AtomicU64>();
        // SAFETY: so many lanes are mapped until `mapping` is dropped, and each begins with
        // a page. Others write to it, which atomics allow.
        unsafe { slice::from_raw_parts(self.mapping.start.as_ptr().add(self.lane * words), words) }
    }
}

/// A file in memory, which is gone with its last user. It keeps its size: to read behind
/// its end would be a fault (SIGBUS).
fn sealed(bytes: usize) -> Result<File> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let file = File::from(memfd_create("streams", flags)?);
    file.set_len(bytes as u64)?;
    let size = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(size))?;
    Ok(file)
}

/// Where the file is mapped, in this length.
#[derive(Debug)]
struct Mapping {
    start: NonNull<AtomicU64>,
    bytes: usize,
}

impl Mapping {
    fn of(file: &File, bytes: usize) -> Result<Self> {
        let length = NonZeroUsize::new(bytes).context("it has no size")?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses where, so nothing else is there.
        let start = unsafe { mmap(None, length, access, MapFlags::MAP_SHARED, file, 0) }?;
        let start = start.cast();
        Ok(Self { start, bytes })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this has mapped it, and all references to it have ended.
        let _ = unsafe { munmap(self.start.cast(), self.bytes) };
    }
}

// SAFETY: the mapping is of this process, not of a thread, and holds atomics.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}
