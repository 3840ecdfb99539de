//! What was verified before: kernels and tools.
//!
//! ```text
//! kernels/<debian version>/<flavour>/vmlinuz     the image
//!                                   /image.toml  what it is
//!                                   /proof/      what proves it genuine, see `proof`
//! tools/<name>/<sha-256>/root/                   the files, see `tools`
//!                       /tool.toml               what they are
//! indexes/<sha-256>                              package indexes
//! partial/<sha-256>                              downloads under way
//! releases/<suite>                               the newest release file seen, its time
//! locks/                                         one for each thing being made
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::identity::{Identity, Vendor, default_arch};
use crate::debian::archive::Site;
use crate::debian::packages::Package;
use crate::files::read::{if_there, read_text};
use crate::files::verified::VerifiedFiles;
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::one_line::without_credentials;
use crate::messages::progress::Progress;
use crate::store::verify::name;
use crate::tools::ToolName;

/// The kind of a thing in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CachedKind {
    /// The image of a kernel.
    Kernel,
    /// The files of a tool.
    Tool(ToolName),
}

/// An image or a tool in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// Which of both it is.
    pub kind: CachedKind,
    /// The image, or the root of the files.
    pub path: PathBuf,
    /// What it is.
    pub about: About,
}

impl Cached {
    /// The directory that holds it, and the file that says what it is.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.path.parent().unwrap_or(&self.path).to_owned()
    }
}

/// What an image or a tool in the cache is, in the file beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its Debian version.
    pub debian_version: String,
    /// Who published it.
    #[serde(default)]
    pub vendor: Vendor,
    /// What the kernel calls its architecture.
    #[serde(default = "default_arch")]
    pub arch: String,
    /// The package it is from.
    pub package: String,
    /// Where that came from, for people.
    pub source: String,
    /// Bytes of the image, or of all files.
    pub size: u64,
    /// SHA-256 of the image or of the list of files, in lower case digits.
    pub sha256: String,
    /// The name that a vendor's archive answered with this kernel, such as `ubuntu/22.04`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<String>,
    /// When it was obtained.
    pub obtained: Timestamp,
    /// The pinned packages of a tool that newer ones replace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substituted_for: Option<String>,
}

impl About {
    /// Of the image in a package of an archive.
    pub(crate) fn of_package(identity: Identity, site: &Site, package: &Package) -> Self {
        let url = format!("{}/{}", site.base, package.file.path);
        Self::new(identity, &package.name, without_credentials(&url))
    }

    /// Of what is about to be unpacked: its size and hash are not known yet.
    pub(crate) fn new(identity: Identity, package: &str, source: String) -> Self {
        Self {
            debian_version: identity.version,
            vendor: identity.vendor,
            arch: identity.arch,
            package: package.to_owned(),
            source,
            size: 0,
            sha256: String::new(),
            asked_for: None,
            obtained: Timestamp::now(),
            substituted_for: None,
        }
    }

    /// Which kernel it is.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            vendor: self.vendor.clone(),
            version: self.debian_version.clone(),
            arch: self.arch.clone(),
        }
    }
}

/// The directory with all of it.
pub(crate) struct Cache {
    pub(crate) dir: PathBuf,
    pub(crate) verified: VerifiedFiles,
}

impl Cache {
    pub(crate) fn partial(&self) -> PathBuf {
        self.dir.join("partial")
    }

    /// The directories of all versions.
    pub(crate) fn versions(&self) -> Vec<PathBuf> {
        subdirectories(&self.dir.join("kernels"))
    }

    /// The directory with the images of a version, one for each flavour.
    pub(crate) fn kernel_dir(&self, kernel: &Identity) -> PathBuf {
        self.dir.join("kernels").join(kernel.dir_name())
    }

    /// An image of this kernel that is unchanged since it was verified, and has the
    /// hash that the lock file demands, if it demands one.
    pub(crate) fn find(&self, kernel: &Identity, sha256: Option<&str>) -> Option<Cached> {
        let dirs = subdirectories(&self.kernel_dir(kernel));
        let intact = |dir: &PathBuf| self.intact(dir, sha256).ok().flatten();
        dirs.iter().find_map(intact)
    }

    /// Removes what [`Cache::find`] passes over, but for what cannot be read; the caller
    /// holds the lock.
    pub(crate) fn remove_altered(
        &self,
        kernel: &Identity,
        sha256: Option<&str>,
        progress: &dyn Progress,
    ) -> Result<(), ObtainError> {
        for dir in listed(&self.kernel_dir(kernel))? {
            if self.intact(&dir, sha256)?.is_none() {
                let dir_name = dir.display();
                progress.note(&format!(
                    "{dir_name} was altered since it was verified; it is removed and obtained again"
                ));
                self.remove(&dir)?;
            }
        }
        Ok(())
    }

    /// The image in a directory, if it is intact.
    fn intact(&self, dir: &Path, sha256: Option<&str>) -> Result<Option<Cached>, ObtainError> {
        let cached = try_to_read(dir, CachedKind::Kernel)?;
        let is_wanted = |about: &About| sha256.is_none_or(|wanted| wanted == about.sha256);
        let Some(cached) = cached.filter(|cached| is_wanted(&cached.about)) else {
            return Ok(None);
        };
        let (path, about) = (&cached.path, &cached.about);
        let intact = self.verified.is_intact(path, about.size, &about.sha256);
        let intact = intact.attempt(|| format!("read {}", path.display()))?;
        Ok(intact.then_some(cached))
    }

    /// Keeps an image or a tool, whole or not at all: `fill` puts it into a new
    /// directory, says what it is, and where the directory belongs.
    pub(crate) fn insert(
        &self,
        kind: CachedKind,
        name: &str,
        fill: impl FnOnce(&Path) -> Result<(About, PathBuf), ObtainError>,
    ) -> Result<Cached, ObtainError> {
        let new = self.partial().join(name);
        // Runs that were killed may have left these there.
        let is_old = |dir: &PathBuf| self::name(dir).starts_with(OLD);
        let left = subdirectories(&self.partial()).into_iter().filter(is_old);
        for dir in left.chain([new.clone()]) {
            let _ = fs::remove_dir_all(dir);
        }
        let action = || format!("write {}", new.display());
        let (about_name, content) = names(kind);
        let insert = || {
            fs::create_dir_all(&new).attempt(action)?;
            let (about, dir) = fill(&new)?;
            let text = toml::to_string(&about).map_err(io::Error::other);
            fs::write(new.join(about_name), text.attempt(action)?).attempt(action)?;
            self.place(&new, &dir)?;
            let path = dir.join(content);
            Ok(Cached { kind, path, about })
        };
        insert().inspect_err(|_| drop(fs::remove_dir_all(&new)))
    }

    /// Gives a directory its name, in the place of one that may be there: others see
    /// the old one, or none, or the new one.
    fn place(&self, new: &Path, dir: &Path) -> Result<(), ObtainError> {
        let action = || format!("keep {}", dir.display());
        fs::create_dir_all(dir.parent().unwrap_or(dir)).attempt(action)?;
        if dir.symlink_metadata().is_ok() {
            self.remove(dir)?;
        }
        fs::rename(new, dir).attempt(action)
    }

    /// Removes a directory: first its name, then what is in it. What is left of it then,
    /// the next [`Cache::insert`] removes.
    pub(crate) fn remove(&self, dir: &Path) -> Result<(), ObtainError> {
        let action = || format!("remove {}", dir.display());
        let partial = self.partial();
        fs::create_dir_all(&partial).attempt(action)?;
        let mut aside = tempfile::Builder::new();
        let aside = (aside.prefix(OLD)).make_in(&partial, |aside| fs::rename(dir, aside));
        let _ = fs::remove_dir_all(aside.attempt(action)?.path());
        Ok(())
    }

    /// Every kernel that is there, unverified.
    pub(crate) fn kernel_images(&self) -> Vec<Cached> {
        let dirs = self.kernel_dirs().into_iter();
        dirs.filter_map(|dir| read(&dir, CachedKind::Kernel))
            .collect()
    }

    /// Those of a tool, the newest first, unverified.
    pub(crate) fn tools(&self, name: ToolName) -> Vec<Cached> {
        let dirs = self.tool_dirs(name).into_iter();
        let tools = dirs.filter_map(|dir| read(&dir, CachedKind::Tool(name)));
        let mut tools: Vec<Cached> = tools.collect();
        tools.sort_by_key(|tool| std::cmp::Reverse(tool.about.obtained));
        tools
    }

    /// Everything that is there, unverified.
    pub(crate) fn list(&self) -> Vec<Cached> {
        let tools = ToolName::all().flat_map(|name| self.tools(name));
        self.kernel_images().into_iter().chain(tools).collect()
    }

    /// The directories with an image.
    pub(crate) fn kernel_dirs(&self) -> Vec<PathBuf> {
        let versions = self.versions().into_iter();
        versions.flat_map(|dir| subdirectories(&dir)).collect()
    }

    /// Those with the files of a tool.
    pub(crate) fn tool_dirs(&self, name: ToolName) -> Vec<PathBuf> {
        subdirectories(&self.tool_dir(name))
    }

    pub(crate) fn tool_dir(&self, name: ToolName) -> PathBuf {
        self.dir.join("tools").join(name.name())
    }
}

/// What the names of directories begin with that are being removed.
const OLD: &str = "old-";

/// The names of the file that says what it is, and of what it describes.
fn names(kind: CachedKind) -> (&'static str, &'static str) {
    match kind {
        CachedKind::Kernel => ("image.toml", "vmlinuz"),
        CachedKind::Tool(_) => ("tool.toml", "root"),
    }
}

/// What is in a directory of the cache, unverified.
pub(crate) fn read(dir: &Path, kind: CachedKind) -> Option<Cached> {
    try_to_read(dir, kind).ok()?
}

/// The same; the error says that it may be there, and cannot be read.
fn try_to_read(dir: &Path, kind: CachedKind) -> Result<Option<Cached>, ObtainError> {
    let (about_name, content) = names(kind);
    let file = dir.join(about_name);
    let text = if_there(read_text(&file)).attempt(|| format!("read {}", file.display()))?;
    let about: Option<About> = text.and_then(|text| toml::from_str(&text).ok());
    Ok(about.map(|mut about| {
        // An earlier version kept the credentials of a mirror's URL.
        about.source = without_credentials(&about.source);
        let path = dir.join(content);
        Cached { kind, path, about }
    }))
}

/// In descending order of their names, so that `cloud-amd64` comes before `amd64`;
/// none where there is no such directory.
pub(crate) fn subdirectories(dir: &Path) -> Vec<PathBuf> {
    listed(dir).unwrap_or_default()
}

/// The same; the error says that there may be some, and they cannot be listed.
pub(crate) fn listed(dir: &Path) -> Result<Vec<PathBuf>, ObtainError> {
    let entries = if_there(fs::read_dir(dir)).attempt(|| format!("list {}", dir.display()))?;
    let entries = entries.into_iter().flatten().flatten();
    let mut dirs: Vec<_> = (entries.map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .collect();
    dirs.sort_by(|one, two| two.cmp(one));
    Ok(dirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_of_an_earlier_cache_is_of_debian_and_x86_64() {
        let kernel = Identity::of_default_vendor("6.1.176-1");
        let about = About::new(kernel.clone(), "linux-image", "a test".to_owned());
        let text = toml::to_string(&about).unwrap();
        let new = |line: &&str| line.starts_with("vendor = ") || line.starts_with("arch = ");
        assert_eq!(text.lines().filter(new).count(), 2);
        let earlier: Vec<&str> = text.lines().filter(|line| !new(line)).collect();
        let read: About = toml::from_str(&earlier.join("\n")).unwrap();
        assert_eq!((read.identity(), &read), (kernel, &about));
    }
}
