//! Kernels and tools on this machine: obtained, verified, kept, removed. May use: all
//! other folders.

mod builder;
pub(crate) mod cache;
pub(crate) mod kept_file;
pub(crate) mod local;
mod obtain_kernel;
pub(crate) mod obtain_modules;
mod obtain_tool;
mod obtain_vendor;
mod package_sources;
mod pin_tools;
pub(crate) mod pins;
mod proof;
mod prune;
pub(crate) mod sweep;
mod tool_proof;
mod tool_substitute;
mod unpacked;
pub(crate) mod verify;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub use builder::StoreBuilder;

use crate::debian::archive::Archives;
use crate::debian::mirrors::Mirrors;
use crate::messages::progress::Progress;
use crate::sources::Sources;
use crate::store::cache::{Cache, Cached};
use crate::store::kept_file::KeptFiles;
use crate::store::pins::KernelPins;
use crate::tools::tool_pins::ToolPins;

/// A verified kernel image on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where the image is.
    pub path: PathBuf,
    /// The Debian version of what is served, or the vendor's.
    pub debian_version: String,
    /// The version that was asked for, where another of its series is served instead.
    pub substituted_for: Option<String>,
    /// The package it is from.
    pub package: String,
    /// Where it came from, for people.
    pub source: String,
    /// Bytes of the image.
    pub size: u64,
    /// SHA-256 of the image, in lower case digits.
    pub sha256: String,
}

/// Obtains kernels and tools, and keeps them.
pub struct Store {
    cache: Cache,
    pins: KernelPins,
    tool_pins: ToolPins,
    locked: bool,
    archives: Archives,
    sources: Sources,
    /// The archives of each source that was asked.
    of_sources: Mutex<HashMap<String, Arc<Archives>>>,
    mirrors: Mirrors,
    substitutes: Vec<String>,
    /// Where kernels without their decompressor are kept, if at all.
    unpacked: Option<KeptFiles>,
    /// Where images from packages of this machine are kept, if at all.
    packaged: Option<KeptFiles>,
    /// Where modules are kept, if at all.
    modules: Option<KeptFiles>,
    /// Where configurations are kept, if at all.
    configs: Option<KeptFiles>,
}

impl Store {
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
