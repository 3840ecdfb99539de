//! Kernels without their decompressor, kept from one run to the next.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use guest::Version;

use crate::debian::deb::MAX_IMAGE;
use crate::files::FileLock;
use crate::files::hash::Hasher;
use crate::files::read::{Limited, open_regular, read_text};
use crate::kernel_image::vmlinux;
use crate::store::{Image, Store};

/// The first kernel that QEMU can start without its decompressor; before, the
/// entry was Xen's alone (commit 7733607fb3e7, "xen/pvh: Split CONFIG_XEN_PVH
/// into CONFIG_PVH and CONFIG_XEN_PVH").
const FIRST: Version = Version::new(5, 0);
/// How many are kept. Each takes some 60 MB, and a search through all uploads needs
/// several hundred.
const KEPT: usize = 24;

/// A kernel without its decompressor. It is not removed as long as this value exists.
#[derive(Clone, Debug)]
pub struct Unpacked {
    /// The ELF file.
    pub path: PathBuf,
    /// The lock on its directory.
    _held: Arc<File>,
}

impl Store {
    /// Keeps in this directory what only saves time: which images were verified
    /// already, and kernels without their decompressor. Its contents are trusted without
    /// a check, so only those may write to it who may replace this program.
    #[must_use]
    pub fn remembering(mut self, dir: &Path) -> Self {
        self.cache.verified.dir = Some(dir.join("verified"));
        self.unpacked = Some(dir.join("unpacked"));
        self
    }

    /// The same kernel without its decompressor, as an ELF file that QEMU
    /// starts as well; none where there is no such thing or no place for it.
    ///
    /// It is made of the image once, and made again where it was altered since.
    #[must_use]
    pub fn unpacked(&self, image: &Image) -> Option<Unpacked> {
        let (version, _) = Version::leading(&image.debian_version).ok()?;
        let all = self.unpacked.as_deref().filter(|_| version >= FIRST)?;
        let dir = all.join(&image.sha256);
        if let Some(there) = self.held(&dir) {
            return Some(there);
        }
        let mut bytes = Vec::new();
        let image = open_regular(&image.path).ok()?;
        Limited::new(image, MAX_IMAGE)
            .read_to_end(&mut bytes)
            .ok()?;
        keep(&vmlinux::unpack(&bytes).ok()?, all, &dir).ok()?;
        self.held(&dir)
    }

    /// The kernel in a directory, if it is intact and stays.
    fn held(&self, dir: &Path) -> Option<Unpacked> {
        let held = File::open(dir).ok()?;
        // It is removed only under an exclusive lock.
        held.try_lock_shared().ok()?;
        if !self.is_intact(dir).unwrap_or(false) {
            return None;
        }
        // The oldest go first, and this one is about to be used.
        let _ = held.set_modified(SystemTime::now());
        Some(Unpacked {
            path: dir.join("vmlinux"),
            _held: Arc::new(held),
        })
    }

    /// Whether the kernel in a directory is what was once written there.
    fn is_intact(&self, dir: &Path) -> io::Result<bool> {
        let vmlinux = dir.join("vmlinux");
        let sha256 = read_text(&dir.join("sha256"))?;
        let size = fs::metadata(&vmlinux)?.len();
        self.cache.verified.is_intact(&vmlinux, size, &sha256)
    }
}

/// Keeps a kernel, whole or not at all, in the place of what was there.
fn keep(vmlinux: &[u8], all: &Path, dir: &Path) -> io::Result<()> {
    fs::create_dir_all(all)?;
    make_room(all)?;
    let new = tempfile::Builder::new().prefix("new-").tempdir_in(all)?;
    // Otherwise another run might remove it to make room.
    let _held =
        File::open(new.path()).and_then(|held| Ok(held.try_lock_shared().map(|()| held)?));
    let mut file = File::create_new(new.path().join("vmlinux"))?;
    file.write_all(vmlinux)?;
    fs::write(new.path().join("sha256"), Hasher::of(vmlinux))?;
    if fs::rename(new.path(), dir).is_ok() {
        return Ok(());
    }
    // Another run was faster, and may be about to start it: its kernel stays.
    let found = Hasher::of_file(&dir.join("vmlinux")).ok();
    let sha256 = read_text(&dir.join("sha256")).ok();
    if found.is_some_and(|(_, found)| found == Hasher::of(vmlinux) && sha256 == Some(found)) {
        return Ok(());
    }
    let _ = fs::remove_dir_all(dir);
    fs::rename(new.path(), dir)
}

/// Removes the oldest that no run holds, so that there is room for one more.
fn make_room(all: &Path) -> io::Result<()> {
    let mut dirs: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(all)? {
        let entry = entry?;
        dirs.push((entry.metadata()?.modified()?, entry.path()));
    }
    dirs.sort();
    let mut excess = (dirs.len() + 1).saturating_sub(KEPT);
    for (_, dir) in dirs {
        if excess == 0 {
            return Ok(());
        }
        let free = File::open(&dir).and_then(FileLock::try_take);
        if matches!(free, Ok(Some(_))) && fs::remove_dir_all(&dir).is_ok() {
            excess -= 1;
        }
    }
    match excess {
        0 => Ok(()),
        _ => Err(io::Error::other("all that are kept are in use")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_unpacked_kernel_replaces_an_altered_one() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("hash");
        for bytes in [b"altered".as_slice(), b"genuine"] {
            keep(bytes, dir.path(), &place).unwrap();
            assert_eq!(fs::read(place.join("vmlinux")).unwrap(), bytes);
            assert_eq!(
                fs::read_to_string(place.join("sha256")).unwrap(),
                Hasher::of(bytes)
            );
        }
        // Nothing is left of the making.
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_kernel_that_another_run_unpacked_stays() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("hash");
        let inode = || fs::metadata(&place).unwrap().ino();
        keep(b"genuine", dir.path(), &place).unwrap();
        let before = inode();
        keep(b"genuine", dir.path(), &place).unwrap();
        assert_eq!(inode(), before);
    }

    #[test]
    fn the_oldest_make_room() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..KEPT + 3 {
            let place = dir.path().join(format!("{number:02}"));
            keep(b"kernel", dir.path(), &place).unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
            File::open(&place).unwrap().set_modified(time).unwrap();
        }
        let kept = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(kept, KEPT);
        assert!(!dir.path().join("00").exists() && dir.path().join("26").exists());
    }

    #[test]
    fn unpacked_kernels_in_use_are_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let catalogue = crate::catalogue::Catalogue::builtin();
        let builder = Store::builder(&catalogue).cache_dir(dir.path());
        let store = builder.build().unwrap().remembering(dir.path());
        let all = dir.path().join("unpacked");
        let held: Vec<Unpacked> = (0..KEPT)
            .map(|number| {
                let place = all.join(format!("{number:02}"));
                keep(b"kernel", &all, &place).unwrap();
                store.held(&place).unwrap()
            })
            .collect();
        // There is no room, and nothing is taken away for it.
        let place = all.join("more");
        keep(b"kernel", &all, &place).unwrap_err();
        assert!(held.iter().all(|held| held.path.exists()));
        let mut held = held.into_iter();
        let first = held.next().unwrap().path;
        keep(b"kernel", &all, &place).unwrap();
        assert!(!first.exists());
        assert!(held.all(|held| held.path.exists()));
    }
}
