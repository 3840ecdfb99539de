//! Kernels without their decompressor.

use std::io::Read;
use std::path::Path;

use guest::Version;

use crate::files::read::{Limited, open_regular};
use crate::kernel_image::{self, bzimage, compressed, vmlinux};
use crate::package::MAX_IMAGE;
use crate::store::kept_file::{KeptFile, KeptFiles};
use crate::store::{Image, Store};

/// The first kernel that QEMU can start without its decompressor; before, the
/// entry was Xen's alone (commit 7733607fb3e7, "xen/pvh: Split CONFIG_XEN_PVH
/// into CONFIG_PVH and CONFIG_XEN_PVH").
const FIRST: Version = Version::new(5, 0);
/// How many are kept. Each takes some 60 MB, and a search through all uploads needs
/// several hundred.
const KERNELS: usize = 24;
/// How many kernels' modules are kept. Those of one take 32 to 256 MB.
const MODULES: usize = 12;
/// How many configurations are kept, of some 250 KB each.
const CONFIGS: usize = 200;

impl Store {
    /// Keeps in this directory what only saves time: which images were verified
    /// already, kernels without their decompressor, and modules. Its contents are trusted
    /// without a check, so only those may write to it who may replace this program.
    #[must_use]
    pub fn remembering(mut self, dir: &Path) -> Self {
        self.cache.verified.dir = Some(dir.join("verified"));
        self.unpacked = Some(KeptFiles::new(dir.join("unpacked"), "vmlinux", KERNELS));
        self.packaged = Some(KeptFiles::new(dir.join("packaged"), "vmlinuz", KERNELS));
        // Files of earlier versions have this name, and hold the configuration besides.
        let name = "modules-and-config";
        self.modules = Some(KeptFiles::new(dir.join("modules"), name, MODULES));
        self.configs = Some(KeptFiles::new(dir.join("configs"), "config", CONFIGS));
        self
    }

    /// The same kernel without its decompressor, as a file that QEMU
    /// starts as well; none where there is no such thing or no place for it.
    ///
    /// It is made of the image once, and made again where it was altered since.
    #[must_use]
    pub fn unpacked(&self, image: &Image) -> Option<KeptFile> {
        self.without_decompressor(&image.path, &image.sha256, &image.debian_version)
    }

    /// The same, of an image with this hash, of a version that begins with its kernel's.
    pub(crate) fn without_decompressor(
        &self,
        image: &Path,
        sha256: &str,
        version: &str,
    ) -> Option<KeptFile> {
        let all = self.unpacked.as_ref()?;
        if let Some(there) = all.find(sha256, &self.cache.verified) {
            return Some(there);
        }
        let mut bytes = Vec::new();
        let mut file = Limited::new(open_regular(image).ok()?, MAX_IMAGE);
        let mut start = file.by_ref().take(kernel_image::START as u64);
        start.read_to_end(&mut bytes).ok()?;
        let has_entry = || Version::leading(version).is_ok_and(|(version, _)| version >= FIRST);
        // Others have no decompressor.
        let unpack = match compressed::check(&bytes) {
            Ok(()) => compressed::unpack,
            Err(_) if bzimage::check(&bytes).is_ok() && has_entry() => vmlinux::unpack,
            Err(_) => return None,
        };
        file.read_to_end(&mut bytes).ok()?;
        all.keep(sha256, &unpack(&bytes).ok()?).ok()?;
        all.find(sha256, &self.cache.verified)
    }
}
