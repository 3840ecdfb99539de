//! What proves that something in the cache is genuine, kept beside it.
//!
//! ```text
//! proof/InRelease            or Release and Release.gpg
//!      /Packages.xz          or .gz: the index that it signs
//!      /package.deb          the package that this lists
//! ```
//!
//! So a cache that comes from elsewhere is believed for the same reason as a
//! download, without a network. What is pinned needs no proof: that is built in,
//! or in a file of the user's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use crate::archive::{Archives, open_packed};
use crate::cache::{About, Cached};
use crate::deb::extract_kernel;
use crate::hash::{Hasher, read_text};
use crate::listed::{Listed, read_listed};
use crate::packages::without_rebuild;
use crate::release::{FileSum, Release};
use crate::store::Store;

/// How many kernels keep theirs. It is as large as the package, and a search
/// through all uploads comes by several hundred.
const KEPT: usize = 24;

/// What vouches for the packages of a suite.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// The release files, as they came.
    pub(crate) release: Vec<(&'static str, Vec<u8>)>,
    /// The index in the cache.
    pub(crate) index: PathBuf,
    /// What it is called in the suite.
    pub(crate) name: String,
}

impl Evidence {
    pub(crate) fn of(release: &Release, sum: &FileSum, index: PathBuf) -> Self {
        Self {
            release: release.bytes.clone(),
            index,
            name: sum.path.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }

    /// Keeps it, and a package that it vouches for.
    pub(crate) fn keep(&self, dir: &Path, packages: &[(&Path, String)]) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        for (name, bytes) in &self.release {
            fs::write(dir.join(name), bytes)?;
        }
        link(&self.index, &dir.join(&self.name))?;
        for (package, name) in packages {
            link(package, &dir.join(name))?;
        }
        Ok(())
    }
}

/// The same file under another name, or a copy of it.
pub(crate) fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

impl Archives {
    /// The packages that kept evidence vouches for; the error says why it does not.
    pub(crate) fn vouched(
        &self,
        dir: &Path,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Listed>, String> {
        let now = Timestamp::now();
        let text = |name: &str| read_text(&dir.join(name)).map_err(|error| error.to_string());
        let (text, signer) = match text("InRelease") {
            Ok(file) => self.keyring().open(file.as_bytes(), now)?,
            Err(_) => {
                let file = text("Release")?;
                let signature = text("Release.gpg")?;
                let signer = self
                    .keyring()
                    .verify(file.as_bytes(), signature.as_bytes(), now)?;
                (file, signer)
            }
        };
        let release = Release::parse(&text, signer)?;
        if !release.is_debian() {
            return Err(format!("a release of {}", release.title()));
        }
        for name in ["Packages.xz", "Packages.gz"] {
            let index = dir.join(name);
            let Some(sum) = release.file(&format!("main/binary-amd64/{name}")) else {
                continue;
            };
            let found = Hasher::of_file(&index);
            if found.is_ok_and(|found| found == (sum.size, sum.sha256.clone())) {
                let text = open_packed(&index).map_err(|error| error.to_string())?;
                return read_listed(text, wanted).map_err(|error| error.to_string());
            }
        }
        Err("its index is not the one that was signed".to_owned())
    }
}

impl Store {
    /// Whether what is kept beside an image proves that it is genuine.
    pub(crate) fn is_proved(&self, cached: &Cached) -> bool {
        self.was_proved(cached, || self.proof_of(cached))
    }

    /// Whether something of this hash is genuine, which is so for ever once it was
    /// found out.
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
        self.cache.memory.are_intact(&fact, &[], || check().is_ok())
    }

    /// The error says what is wrong with it.
    pub(crate) fn proof_of(&self, cached: &Cached) -> Result<(), String> {
        let dir = cached.dir().join("proof");
        if !dir.is_dir() {
            return Err("nothing is kept that proves it, and no lock file names it".to_owned());
        }
        let of_kernel = |name: &str| name.starts_with("linux-");
        let listed = self.archives.vouched(&dir, &of_kernel)?;
        let deb = dir.join("package.deb");
        let (size, sha256) = Hasher::of_file(&deb).map_err(|error| error.to_string())?;
        let is_it = |package: &Listed| {
            (package.file.size, &package.file.sha256) == (size, &sha256)
                && without_rebuild(&package.version) == cached.about.debian_version
        };
        if !listed.iter().any(is_it) {
            return Err("its package is not one that was signed".to_owned());
        }
        let found = extract_kernel(&deb, &mut io::sink()).map_err(|error| error.to_string())?;
        match found.sha256 == cached.about.sha256 {
            true => Ok(()),
            false => Err("it is not the one in its package".to_owned()),
        }
    }

    /// Removes the oldest proofs. This host remembers what they proved; others have
    /// to obtain those kernels again.
    pub(crate) fn thin_out_proofs(&self) {
        let proofs = self
            .cache
            .kernel_dirs()
            .into_iter()
            .map(|dir| dir.join("proof"));
        let modified = |dir: &PathBuf| fs::metadata(dir)?.modified();
        let mut dated: Vec<(SystemTime, PathBuf)> = proofs
            .filter_map(|dir| Some((modified(&dir).ok()?, dir)))
            .collect();
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
        let catalogue = crate::Catalogue::builtin();
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
