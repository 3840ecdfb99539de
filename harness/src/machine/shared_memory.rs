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

/// The memory, mapped here until the last of these is dropped. Whatever is in it may have
/// been written by a program in the guest, at any time.
#[derive(Clone, Debug)]
pub(crate) struct SharedMemory {
    file: Arc<File>,
    mapping: Arc<Mapping>,
}

impl SharedMemory {
    /// New memory, which has the mark by which a guest knows it.
    pub(crate) fn new() -> Result<Self> {
        let file = sealed().context("making memory to share with a machine")?;
        let mapping = Mapping::of(&file).context("mapping memory to share with a machine")?;
        let (file, mapping) = (Arc::new(file), Arc::new(mapping));
        let memory = Self { file, mapping };
        mark(&memory);
        Ok(memory)
    }

    /// The arguments that give it to QEMU.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut object = OsString::from(format!(
            "memory-backend-file,id=streams,size={SHARED_BYTES},share=on,mem-path="
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
        // SAFETY: it is mapped in this length until `mapping` is dropped, and begins with
        // a page. Others write to it, which atomics allow.
        unsafe { slice::from_raw_parts(self.mapping.0.as_ptr(), words) }
    }
}

/// A file in memory, which is gone with its last user. It keeps its size: to read behind
/// its end would be a fault (SIGBUS).
fn sealed() -> Result<File> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let file = File::from(memfd_create("streams", flags)?);
    file.set_len(SHARED_BYTES as u64)?;
    let size = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(size))?;
    Ok(file)
}

/// Where the file is mapped.
#[derive(Debug)]
struct Mapping(NonNull<AtomicU64>);

impl Mapping {
    fn of(file: &File) -> Result<Self> {
        let length = NonZeroUsize::new(SHARED_BYTES).context("it has no size")?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses where, so nothing else is there.
        let start = unsafe { mmap(None, length, access, MapFlags::MAP_SHARED, file, 0) }?;
        Ok(Self(start.cast()))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this has mapped it, and all references to it have ended.
        let _ = unsafe { munmap(self.0.cast(), SHARED_BYTES) };
    }
}

// SAFETY: the mapping is of this process, not of a thread, and holds atomics.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}
