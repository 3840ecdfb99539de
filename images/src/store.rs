//! Obtaining kernels: cache, mirrors, archive, in this order.

use std::path::{Path, PathBuf};

use crate::cache::Cached;
use crate::catalogue::{Catalogue, Entry};
use crate::error::ObtainError;
use crate::progress::Progress;

/// A verified kernel image on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where the image is.
    pub path: PathBuf,
    /// The Debian version of what is served.
    pub debian_version: String,
    /// The version that was pinned, where another of its series is served instead.
    pub substituted_for: Option<String>,
    /// Where it came from, for people.
    pub source: String,
    /// Bytes of the image.
    pub size: u64,
}

/// Obtains kernels and keeps them.
pub struct Store {}

/// Settings of a [`Store`]; see [`Store::builder`].
#[derive(Clone, Debug)]
pub struct StoreBuilder {}

impl Store {
    /// Settings with their defaults, for the kernels of a catalogue.
    #[must_use]
    pub fn builder(catalogue: &Catalogue) -> StoreBuilder {
        let _ = catalogue;
        StoreBuilder {}
    }

    /// Obtains a kernel; may be called from several threads at once.
    ///
    /// # Errors
    /// See [`ObtainError`].
    pub fn obtain(&self, entry: &Entry, progress: &dyn Progress) -> Result<Image, ObtainError> {
        let _ = (entry, progress);
        Err(ObtainError::unavailable("not written yet"))
    }

    /// What is in the cache, in no particular order; nothing is verified.
    ///
    /// # Errors
    /// Where the cache directory cannot be read.
    pub fn cached(&self) -> Result<Vec<Cached>, ObtainError> {
        Ok(Vec::new())
    }
}

impl StoreBuilder {
    /// Keeps images here instead of `$STRATA_CACHE` or the user's cache directory.
    #[must_use]
    pub fn cache_dir(self, dir: impl AsRef<Path>) -> Self {
        let _ = dir.as_ref();
        self
    }

    /// Asks this mirror first, such as `http://mirror.example.org/debian`;
    /// the mirrors of `$STRATA_MIRROR` come after those named here.
    #[must_use]
    pub fn mirror(self, base: impl Into<String>) -> Self {
        let _ = base.into();
        self
    }

    /// Refuses every version but the pinned one, and leaves the lock file alone.
    #[must_use]
    pub fn locked(self, locked: bool) -> Self {
        let _ = locked;
        self
    }

    /// Uses this lock file instead of the committed `kernels.lock`.
    #[must_use]
    pub fn lock_file(self, path: impl Into<PathBuf>) -> Self {
        let _ = path.into();
        self
    }

    /// Reads apt's sources under this directory instead of `/etc/apt`.
    #[must_use]
    pub fn apt_dir(self, dir: impl Into<PathBuf>) -> Self {
        let _ = dir.into();
        self
    }

    /// Makes the store; touches neither disk nor network.
    ///
    /// # Errors
    /// Where no cache directory can be found, or the lock file is malformed.
    pub fn build(self) -> anyhow::Result<Store> {
        Ok(Store {})
    }
}
