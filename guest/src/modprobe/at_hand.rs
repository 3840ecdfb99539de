//! The modules in the memory of a device, which the host attaches once they are asked for.

use std::fs;
use std::ptr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::pci_memory::{self, DEVICES};
use crate::protocol::{MODULES_MARK, ModuleEntry, ModuleIndex};

/// What the kernel asks its helper for when a program asks for the modules themselves: the
/// type of a file system that there is not.
pub(crate) const ASKING: &str = "fs-strata-modules";
/// The host may have to download them.
const ATTACHED_WITHIN: Duration = Duration::from_secs(900);
/// What PID 1 makes once the device is attached, and it has made the kernel look.
pub(crate) const RESCANNED: &str = "/strata/rescanned";
pub(crate) const NOT_FOUND: &str = "this machine finds no device with modules on its PCI bus";
/// How long the kernel may take for a device that was attached. Behind a slot it looks for
/// itself, and waits for the slot's power and link.
const APPEARS_WITHIN: Duration = Duration::from_secs(20);
/// How long to wait before another look.
const PAUSE: Duration = Duration::from_millis(5);

/// The modules, and what is known of them.
pub(crate) struct ModulesAtHand {
    pub(crate) index: ModuleIndex,
    packed: &'static [u8],
}

impl ModulesAtHand {
    /// The modules, if the device is there.
    pub(crate) fn find() -> Option<Self> {
        let mark = u64::from_le_bytes(MODULES_MARK);
        let memory = pci_memory::find(false, |memory| {
            memory
                .first()
                .map(|first| first.load(std::sync::atomic::Ordering::SeqCst))
                == Some(mark)
        })?;
        let bytes = ptr::slice_from_raw_parts(memory.as_ptr().cast(), size_of_val(memory));
        // SAFETY: it is mapped for good, to be read only, and nothing else writes to it.
        let (index, packed) = ModuleIndex::of_file(unsafe { &*bytes })?;
        Some(Self { index, packed })
    }

    /// Whether the device could be found.
    pub(crate) fn can_be() -> bool {
        fs::read_dir(DEVICES).is_ok_and(|mut devices| devices.next().is_some())
    }

    /// The modules, once the host has attached them.
    pub(crate) fn ask(by_kernel: bool) -> Result<Self, String> {
        if !Self::can_be() {
            return Err("this machine has no PCI bus, by which modules come".to_owned());
        }
        let found = match Self::find() {
            Some(found) => found,
            None if by_kernel => Self::wait()?,
            None => {
                // The kernel asks its helper, which can reach PID 1 from wherever this
                // program is. It returns when that is done.
                let kind = ASKING.strip_prefix("fs-");
                let none = None::<&str>;
                let _ = mount(none, "/", kind, MsFlags::empty(), none);
                Self::find().ok_or("modules are for root to load")?
            }
        };
        match found.index.none {
            Some(why) => Err(why),
            None => Ok(found),
        }
    }

    /// Tells PID 1, and waits until the device is there.
    fn wait() -> Result<Self, String> {
        kill(Pid::from_raw(1), Signal::SIGUSR1)
            .map_err(|errno| format!("asking PID 1: {errno}"))?;
        let mut until = Instant::now() + ATTACHED_WITHIN;
        let mut is_attached = false;
        loop {
            if !is_attached && fs::exists(RESCANNED).unwrap_or(false) {
                is_attached = true;
                until = Instant::now() + APPEARS_WITHIN;
            }
            match Self::find() {
                Some(found) => return Ok(found),
                None if Instant::now() < until => sleep(PAUSE),
                None if is_attached => return Err(NOT_FOUND.to_owned()),
                None => {
                    let seconds = ATTACHED_WITHIN.as_secs();
                    return Err(format!(
                        "the host has attached no modules within {seconds} s"
                    ));
                }
            }
        }
    }

    /// What a module says of itself.
    pub(crate) fn info(&self, module: &ModuleEntry) -> Option<String> {
        let info = self
            .packed
            .get(module.at.checked_sub(module.info)?..module.at)?;
        Some(String::from_utf8_lossy(info).into_owned())
    }

    /// A module as the kernel takes it.
    pub(crate) fn unpacked(&self, module: &ModuleEntry) -> Option<Vec<u8>> {
        self.part(module.at, module.packed, module.size)
    }

    fn part(&self, at: usize, packed: usize, size: usize) -> Option<Vec<u8>> {
        let packed = self.packed.get(at..)?.get(..packed)?;
        lz4_flex::block::decompress(packed, size).ok()
    }
}
