//! The settings of a store.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use anyhow::{Context, Error, Result, bail};

use crate::catalogue::Catalogue;
use crate::debian::archive::Archives;
use crate::debian::keyring::Keyring;
use crate::debian::mirrors::Mirrors;
use crate::debian::publisher::Publisher;
use crate::files::verified::VerifiedFiles;
use crate::http::client::Client;
use crate::http::first_source::FirstSource;
use crate::http::timeouts::Timeouts;
use crate::sources::Sources;
use crate::store::Store;
use crate::store::cache::Cache;
use crate::store::pins::KernelPins;
use crate::tools::tool_pins::{self, ToolPins};

/// Settings of a [`Store`]; see [`Store::builder`].
#[derive(Clone, Debug, Default)]
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
    cache_from: Option<String>,
    snapshot: String,
    substitutes: Vec<String>,
    sources: Sources,
}

impl Store {
    /// Settings with their defaults, for the kernels of a catalogue.
    #[must_use]
    pub fn builder(catalogue: &Catalogue) -> StoreBuilder {
        StoreBuilder {
            apt: "/etc/apt".into(),
            snapshot: catalogue.snapshot.trim_end_matches('/').to_owned(),
            substitutes: catalogue.substitutes.clone(),
            sources: catalogue.sources.clone(),
            ..StoreBuilder::default()
        }
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

    /// Pins in this file what is verified and not pinned yet. Its contents are trusted,
    /// so it belongs to the user's project, not into a cache that comes from elsewhere.
    /// The pins that are built in come first; without a file, what is kept beside an
    /// image proves it.
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

    /// Waits this long for servers.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Asks this directory or HTTP server first, in place of `$STRATA_CACHE_FROM`: for what
    /// has a hash, as packages and indexes. What is downloaded is put into the directory.
    #[must_use]
    pub fn cache_from(mut self, source: impl Into<String>) -> Self {
        self.cache_from = Some(source.into());
        self
    }

    /// Builds the store. It reads the lock file, and neither writes nor asks a server.
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
            named.extend(set("STRATA_MIRROR").map(|mirror| mirror.to_string_lossy().into_owned()));
        }
        if let Some(mirror) = named.iter().find(|mirror| !is_url(mirror)) {
            bail!(
                "{mirror:?} is no mirror: STRATA_MIRROR and --mirror name one as \
                 http://mirror.example.org/debian"
            );
        }
        let of_environment =
            || set("STRATA_CACHE_FROM").map(|from| from.to_string_lossy().into_owned());
        let first = self.cache_from.or_else(of_environment);
        let first = first.as_deref().map(FirstSource::parse).transpose();
        let mut client = Client::new(self.timeouts);
        client.first = first.map_err(Error::msg)?;
        let publisher = Publisher::debian(self.keyring);
        Ok(Store {
            archives: Archives::new(publisher, cache.clone(), Arc::new(client)),
            sources: self.sources,
            of_sources: Mutex::default(),
            cache: Cache {
                dir: cache,
                verified: VerifiedFiles::default(),
            },
            pins: KernelPins::open(self.lock_file, self.kernel_pins.as_deref())?,
            tool_pins: ToolPins::parse(self.tool_pins.as_deref().unwrap_or(tool_pins::BUILT_IN))?,
            locked: self.locked,
            mirrors: Mirrors {
                named,
                apt: self.apt,
                snapshot: self.snapshot,
                of_apt: OnceLock::new(),
            },
            substitutes: self.substitutes,
            unpacked: None,
            packaged: None,
            modules: None,
            configs: None,
        })
    }
}

fn is_url(text: &str) -> bool {
    let rest = ["http://", "https://", "file://"].map(|scheme| text.strip_prefix(scheme));
    let named = |rest: &str| !rest.is_empty() && !rest.contains('\u{FFFD}');
    rest.into_iter().flatten().any(named)
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
