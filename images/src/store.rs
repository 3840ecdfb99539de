//! The settings of a store, and what it gives.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result};

use crate::archive::Archives;
use crate::cache::{Cache, Cached};
use crate::catalogue::Catalogue;
use crate::keyring::Keyring;
use crate::lock::Lock;
use crate::memory::Memory;
use crate::mirrors::Mirrors;
use crate::progress::Progress;
use crate::timeouts::Timeouts;
use crate::tools::ToolPins;

/// A verified kernel image on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where the image is.
    pub path: PathBuf,
    /// The Debian version of what is served.
    pub debian_version: String,
    /// The version that was asked for, where another of its series is served instead.
    pub substituted_for: Option<String>,
    /// Where it came from, for people.
    pub source: String,
    /// Bytes of the image.
    pub size: u64,
    /// SHA-256 of the image, in lower case digits.
    pub sha256: String,
}

/// Obtains kernels and tools, and keeps them.
pub struct Store {
    pub(crate) cache: Cache,
    pub(crate) lock: Lock,
    pub(crate) tool_pins: ToolPins,
    pub(crate) locked: bool,
    pub(crate) archives: Archives,
    pub(crate) mirrors: Mirrors,
    pub(crate) substitutes: Vec<String>,
    /// Where kernels without their decompressor are kept, if at all.
    pub(crate) unpacked: Option<PathBuf>,
}

/// Settings of a [`Store`]; see [`Store::builder`].
#[derive(Clone, Debug)]
pub struct StoreBuilder {
    cache: Option<PathBuf>,
    mirrors: Vec<String>,
    locked: bool,
    lock_file: Option<PathBuf>,
    kernel_pins: Option<String>,
    tool_pins: Option<String>,
    apt: PathBuf,
    keyring: Option<Keyring>,
    timeouts: Timeouts,
    snapshot: String,
    substitutes: Vec<String>,
}

impl Store {
    /// Settings with their defaults, for the kernels of a catalogue.
    #[must_use]
    pub fn builder(catalogue: &Catalogue) -> StoreBuilder {
        StoreBuilder {
            cache: None,
            mirrors: Vec::new(),
            locked: false,
            lock_file: None,
            kernel_pins: None,
            tool_pins: None,
            apt: "/etc/apt".into(),
            keyring: None,
            timeouts: Timeouts::default(),
            snapshot: catalogue.snapshot.trim_end_matches('/').to_owned(),
            substitutes: catalogue.substitutes.clone(),
        }
    }

    /// What is in the cache, whatever its state; only [`Store::obtain`] and
    /// [`Store::tool`] verify.
    #[must_use]
    pub fn cached(&self) -> Vec<Cached> {
        self.cache.list()
    }

    /// The archives that kernels come from, by name, and whether each answers: with
    /// what its release file says, or why not. Only release files are downloaded.
    #[must_use]
    pub fn reachable(&self, progress: &dyn Progress) -> Vec<(String, Result<String, String>)> {
        self.mirrors.reachable(&self.archives, progress)
    }

    /// The directory that everything is kept in.
    #[must_use]
    pub fn cache_dir(&self) -> &Path {
        &self.cache.dir
    }
}

impl StoreBuilder {
    /// Keeps images here instead of `$STRATA_CACHE` or the user's cache directory.
    #[must_use]
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cache = Some(dir.into());
        self
    }

    /// Asks this mirror, such as `http://mirror.example.org/debian`, before
    /// those of apt, in place of `$STRATA_MIRROR`. May be called again.
    #[must_use]
    pub fn mirror(mut self, base: impl Into<String>) -> Self {
        self.mirrors.push(base.into());
        self
    }

    /// Refuses every version but the pinned one, and leaves the lock file alone.
    #[must_use]
    pub fn locked(mut self, locked: bool) -> Self {
        self.locked = locked;
        self
    }

    /// Pins in this file what is verified and not pinned yet, instead of in
    /// `kernels.lock` in the cache. What this program has built in comes first.
    #[must_use]
    pub fn lock_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.lock_file = Some(path.into());
        self
    }

    /// Uses this text in place of the built-in `kernels.lock`.
    #[must_use]
    pub fn kernel_pins(mut self, text: impl Into<String>) -> Self {
        self.kernel_pins = Some(text.into());
        self
    }

    /// Uses this text in place of the built-in `tools.lock`.
    #[must_use]
    pub fn tool_pins(mut self, text: impl Into<String>) -> Self {
        self.tool_pins = Some(text.into());
        self
    }

    /// Reads apt's sources in this directory instead of `/etc/apt`.
    #[must_use]
    pub fn apt_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.apt = dir.into();
        self
    }

    /// Trusts these keys instead of Debian's.
    #[must_use]
    pub fn keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// Waits so long for servers.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Makes the store. Nothing is written yet, and nobody asked.
    ///
    /// # Errors
    /// Where there is no cache directory to be found, or the lock file is malformed.
    pub fn build(self) -> Result<Store> {
        let cache = self
            .cache
            .or_else(default_cache)
            .context("there is no place for kernels to be kept; set STRATA_CACHE to a directory")?;
        let mut named = self.mirrors;
        if named.is_empty() {
            named.extend(set("STRATA_MIRROR").and_then(|mirror| mirror.into_string().ok()));
        }
        let lock_file = self.lock_file.unwrap_or_else(|| cache.join("kernels.lock"));
        Ok(Store {
            archives: Archives::new(self.keyring, cache.clone(), self.timeouts),
            cache: Cache {
                dir: cache,
                memory: Memory::default(),
            },
            lock: Lock::open(lock_file, self.kernel_pins.as_deref())?,
            tool_pins: match self.tool_pins {
                Some(text) => ToolPins::parse(&text)?,
                None => ToolPins::built_in()?,
            },
            locked: self.locked,
            mirrors: Mirrors {
                named,
                apt: self.apt,
                snapshot: self.snapshot,
                of_apt: OnceLock::new(),
            },
            substitutes: self.substitutes,
            unpacked: None,
        })
    }
}

fn default_cache() -> Option<PathBuf> {
    let given = set("STRATA_CACHE").map(PathBuf::from);
    let of_user = || {
        let base = set("XDG_CACHE_HOME").map(PathBuf::from);
        let base = base.or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))?;
        Some(base.join("strata"))
    };
    given.or_else(of_user)
}

/// A variable of the environment that is not empty.
fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
