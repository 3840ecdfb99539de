//! What proves that an image in the cache is genuine, kept beside it.
//!
//! ```text
//! proof/InRelease            or Release and Release.gpg; CHECKSUMS and CHECKSUMS.gpg
//!      /Packages.xz          or .gz: the index that it signs
//!      /package.deb          the package that this lists; an RPM vouches for itself
//! ```
//!
//! So a cache that comes from elsewhere is trusted for the same reason as a download,
//! without a network. A pinned image needs no proof: its pin is built in, or in a file
//! of the user.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::debian::debian_version::without_rebuild;
use crate::debian::evidence::vouched;
use crate::debian::packages::Package;
use crate::files::hash::Hasher;
use crate::local::foreign_image;
use crate::store::Store;
use crate::store::cache::{About, Cached};

/// How many kernels keep their proof. It is as large as the package, and a search
/// through all uploads obtains several hundred.
const KEPT: usize = 24;

impl Store {
    /// Whether what is kept beside an image proves that it is genuine.
    pub(crate) fn is_proved(&self, cached: &Cached) -> bool {
        self.was_proved(cached, || self.proof_of(cached))
    }

    /// Whether something of this hash is genuine; once proved, it stays so.
    pub(crate) fn was_proved(
        &self,
        cached: &Cached,
        check: impl FnOnce() -> Result<(), String>,
    ) -> bool {
        let About {
            debian_version,
            sha256,
            ..
        } = &cached.about;
        let fact = Hasher::of(format!("proved {debian_version} {sha256}").as_bytes());
        let proved = || check().map(|()| true);
        (self.cache.verified).are_intact(&fact, &[], proved) == Ok(true)
    }

    /// The error says what is missing or wrong.
    pub(crate) fn proof_of(&self, cached: &Cached) -> Result<(), String> {
        let dir = cached.dir().join("proof");
        if !dir.is_dir() {
            return Err("nothing is kept that proves it, and no lock file names it".to_owned());
        }
        if !cached.about.vendor.is_default() {
            return self.proof_of_vendor(cached, &dir);
        }
        let of_kernel = |name: &str| name.starts_with("linux-");
        let listed = vouched(
            &self.archives.publisher,
            cached.about.identity().arch(),
            &dir,
            &of_kernel,
        )?;
        let deb = dir.join("package.deb");
        let (size, sha256) = Hasher::of_file(&deb).map_err(|error| error.to_string())?;
        let is_it = |package: &Package| {
            (package.file.size, &package.file.sha256) == (size, &sha256)
                && without_rebuild(&package.version) == cached.about.debian_version
        };
        if !listed.iter().any(is_it) {
            return Err("its package is not one that was signed".to_owned());
        }
        self.is_image_of(cached, &deb)
    }

    /// The same of a vendor's kernel.
    fn proof_of_vendor(&self, cached: &Cached, dir: &Path) -> Result<(), String> {
        let About { vendor, .. } = &cached.about;
        let source = (self.sources.named(vendor.name()))
            .ok_or_else(|| format!("{vendor} is not one of the sources"))?;
        let archives = (self.archives_of(source)).map_err(|error| error.to_string())?;
        let deb = dir.join("package.deb");
        let listed = source.vouched(&archives, dir, &deb)?;
        let (_, sha256) = Hasher::of_file(&deb).map_err(|error| error.to_string())?;
        if !listed.contains(&(cached.about.debian_version.clone(), sha256)) {
            return Err("its package is not one that was signed".to_owned());
        }
        self.is_image_of(cached, &deb)
    }

    /// Whether the image is the one in this package.
    fn is_image_of(&self, cached: &Cached, deb: &Path) -> Result<(), String> {
        let found = foreign_image(deb).map_err(|error| error.to_string())?;
        match Hasher::of(&found) == cached.about.sha256 {
            true => Ok(()),
            false => Err("it is not the one in its package".to_owned()),
        }
    }

    /// Removes the oldest proofs. This host remembers what they proved; others have
    /// to obtain those kernels again.
    pub(crate) fn thin_out_proofs(&self) {
        let dated = |dir: PathBuf| {
            let proof = dir.join("proof");
            let modified = fs::metadata(&proof).and_then(|about| about.modified());
            Some((modified.ok()?, proof))
        };
        let dirs = self.cache.kernel_dirs().into_iter();
        let mut dated: Vec<(SystemTime, PathBuf)> = dirs.filter_map(dated).collect();
        dated.sort();
        let excess = dated.len().saturating_sub(KEPT);
        for (_, dir) in dated.into_iter().take(excess) {
            let _ = fs::remove_dir_all(dir);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_proofs_go_and_their_kernels_stay() {
        let dir = tempfile::tempdir().unwrap();
        let catalogue = crate::catalogue::Catalogue::builtin();
        let builder = Store::builder(&catalogue).cache_dir(dir.path());
        let store = builder.build().unwrap();
        let kernel = |number: usize| dir.path().join(format!("kernels/6.{number}-1/amd64"));
        for number in 0..KEPT + 3 {
            let proof = kernel(number).join("proof");
            fs::create_dir_all(&proof).unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
            fs::File::open(&proof).unwrap().set_modified(time).unwrap();
        }
        store.thin_out_proofs();
        let there = |number: usize| kernel(number).join("proof").exists();
        assert_eq!((0..KEPT + 3).filter(|number| there(*number)).count(), KEPT);
        assert!(!there(2) && there(3) && kernel(0).exists());
    }
}
