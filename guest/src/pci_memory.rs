//! The memory of PCI devices that need no driver (QEMU's `ivshmem-plain`).

use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::path::Path;
use std::slice;
use std::sync::atomic::AtomicU64;

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// Where the kernel lists the devices on its PCI buses.
pub(crate) const DEVICES: &str = "/sys/bus/pci/devices";
/// The numbers of the device (QEMU's docs/specs/ivshmem-spec).
const VENDOR: &str = "0x1af4";
const DEVICE: &str = "0x1110";
/// Its memory, by the kind of access: write-combining is faster, and is not on every
/// kernel.
const RESOURCES: [&str; 2] = ["resource2_wc", "resource2"];

/// The memory, mapped for good.
pub(crate) type Mapped = &'static [AtomicU64];

/// Finds the memory that is wanted. There is none where the machine has no such device,
/// or the kernel has no PCI or no sysfs.
pub(crate) fn find(write: bool, is_wanted: impl Fn(Mapped) -> bool) -> Option<Mapped> {
    let devices = fs::read_dir(DEVICES).ok()?.flatten();
    let devices = devices.map(|device| device.path());
    let mut devices =
        devices.filter(|device| is(device, "vendor", VENDOR) && is(device, "device", DEVICE));
    devices.find_map(|device| {
        fs::write(device.join("enable"), "1").ok()?;
        let memory = RESOURCES
            .iter()
            .find_map(|resource| map(&device.join(resource), write))?;
        if is_wanted(memory) {
            return Some(memory);
        }
        let start = memory.as_ptr().cast_mut().cast();
        // SAFETY: nothing refers to it any more.
        let _ = unsafe { munmap(std::ptr::NonNull::new(start)?, size_of_val(memory)) };
        None
    })
}

fn is(device: &Path, name: &str, value: &str) -> bool {
    fs::read_to_string(device.join(name)).is_ok_and(|text| text.trim_end() == value)
}

fn map(resource: &Path, write: bool) -> Option<Mapped> {
    let file = File::options()
        .read(true)
        .write(write)
        .open(resource)
        .ok()?;
    let length = usize::try_from(file.metadata().ok()?.len()).ok()?;
    let mut access = ProtFlags::PROT_READ;
    access.set(ProtFlags::PROT_WRITE, write);
    let whole = NonZeroUsize::new(length)?;
    // SAFETY: the kernel chooses where, so nothing else is there.
    let start = unsafe { mmap(None, whole, access, MapFlags::MAP_SHARED, &file, 0) };
    let start = start.ok()?.cast::<AtomicU64>();
    // SAFETY: it is mapped in this length, and begins with a page. Others write to it,
    // which atomics allow.
    Some(unsafe { slice::from_raw_parts(start.as_ptr(), length / size_of::<AtomicU64>()) })
}
