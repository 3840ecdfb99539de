//! What was verified before: kernels and tools.
//!
//! ```text
//! kernels/<debian version>/<flavour>/vmlinuz     the image
//!                                   /image.toml  what it is
//! tools/<name>/<sha-256>/root/                   the files, see `tools`
//!                       /tool.toml               what they are
//! indexes/<sha-256>                              package indexes
//! partial/<sha-256>                              downloads under way
//! locks/                                         who is at what
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::deb::{DebError, extract_kernel};
use crate::error::{Attempt, ObtainError};
use crate::memory::Memory;
use crate::progress::Progress;
use crate::said::without_credentials;
use crate::tools::ToolName;

/// For the longest that another run may take to download one kernel.
const LOCK_WAIT: Duration = Duration::from_secs(1200);
const LOCK_POLL: Duration = Duration::from_millis(100);

/// What something in the cache is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The image of a kernel.
    Kernel,
    /// The files of a tool.
    Tool(ToolName),
}

/// Something in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// Which kind of thing.
    pub kind: Kind,
    /// Where the image is, or the root of the files.
    pub path: PathBuf,
    /// What it is.
    pub about: About,
}

impl Cached {
    /// The directory that holds it, and what says what it is.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.path.parent().unwrap_or(&self.path).to_owned()
    }
}

/// What something in the cache is, in the file beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its Debian version.
    pub debian_version: String,
    /// The package it is from.
    pub package: String,
    /// Where that came from, for people.
    pub source: String,
    /// Bytes of the image, or of all files.
    pub size: u64,
    /// SHA-256 of the image or of the list of files, in lower case digits.
    pub sha256: String,
    /// When it was obtained.
    pub obtained: Timestamp,
    /// The packages of a tool that newer ones stand in for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substituted_for: Option<String>,
}

/// The directory with all of it.
pub(crate) struct Cache {
    pub(crate) dir: PathBuf,
    pub(crate) memory: Memory,
}

impl Cache {
    pub(crate) fn partial(&self) -> PathBuf {
        self.dir.join("partial")
    }

    fn kernels(&self) -> PathBuf {
        self.dir.join("kernels")
    }

    /// An image of this version that is what it was when it was verified, and
    /// has the hash that the lock file demands, where that does.
    pub(crate) fn find(&self, debian: &str, sha256: Option<&str>) -> Option<Cached> {
        let dirs = subdirectories(&self.kernels().join(debian));
        dirs.iter()
            .find_map(|dir| read(dir).filter(|cached| self.is_intact(cached, sha256)))
    }

    /// Removes what [`Cache::find`] passes over; the caller holds the lock.
    pub(crate) fn remove_altered(
        &self,
        debian: &str,
        sha256: Option<&str>,
        progress: &dyn Progress,
    ) -> Result<(), ObtainError> {
        for dir in subdirectories(&self.kernels().join(debian)) {
            if !read(&dir).is_some_and(|cached| self.is_intact(&cached, sha256)) {
                let dir_name = dir.display();
                progress.note(&format!(
                    "{dir_name} was altered since it was verified; it is removed and obtained again"
                ));
                self.remove(&dir)?;
            }
        }
        Ok(())
    }

    /// Takes the kernel out of a verified package and keeps it, whole or not at all.
    pub(crate) fn insert(
        &self,
        deb: &Path,
        flavour: &str,
        mut about: About,
        sha256: Option<&str>,
    ) -> Result<Cached, ObtainError> {
        let new = self
            .partial()
            .join(format!("{}-{flavour}", about.debian_version));
        let result = self.insert_from(&new, deb, flavour, &mut about, sha256);
        if result.is_err() {
            let _ = fs::remove_dir_all(&new);
        }
        result
    }

    fn insert_from(
        &self,
        new: &Path,
        deb: &Path,
        flavour: &str,
        about: &mut About,
        sha256: Option<&str>,
    ) -> Result<Cached, ObtainError> {
        // What a run left there that was killed.
        let _ = fs::remove_dir_all(new);
        let action = || format!("write {}", new.display());
        fs::create_dir_all(new).attempt(action)?;
        let mut image = File::create_new(new.join("vmlinuz")).attempt(action)?;
        let extracted = extract_kernel(deb, &mut image).map_err(|error| match error {
            DebError::Malformed(found) => {
                ObtainError::verification(&about.source, "a package with a kernel image", found)
            }
            DebError::Write(source) => ObtainError::Io {
                action: action(),
                source,
            },
        })?;
        if let Some(expected) = sha256.filter(|expected| *expected != extracted.sha256) {
            let file = format!("the image in {}", about.source);
            return Err(ObtainError::verification(file, expected, extracted.sha256));
        }
        about.size = extracted.size;
        about.sha256 = extracted.sha256;
        let text = toml::to_string(about)
            .map_err(io::Error::other)
            .attempt(action)?;
        fs::write(new.join("image.toml"), text).attempt(action)?;
        image.sync_all().attempt(action)?;

        let dir = self.kernels().join(&about.debian_version).join(flavour);
        self.place(new, &dir)?;
        Ok(Cached {
            kind: Kind::Kernel,
            path: dir.join("vmlinuz"),
            about: about.clone(),
        })
    }

    /// Gives a directory its name, in the place of what may be there: whoever
    /// looks sees the one, or nothing, or the other.
    pub(crate) fn place(&self, new: &Path, dir: &Path) -> Result<(), ObtainError> {
        let action = || format!("keep {}", dir.display());
        fs::create_dir_all(dir.parent().unwrap_or(dir)).attempt(action)?;
        if dir.symlink_metadata().is_ok() {
            self.remove(dir)?;
        }
        fs::rename(new, dir).attempt(action)
    }

    /// Removes a directory: first its name, then what is in it.
    pub(crate) fn remove(&self, dir: &Path) -> Result<(), ObtainError> {
        let action = || format!("remove {}", dir.display());
        let partial = self.partial();
        fs::create_dir_all(&partial).attempt(action)?;
        let aside = tempfile::Builder::new().prefix("old-").tempdir_in(&partial);
        let aside = aside.attempt(action)?;
        fs::rename(dir, aside.path().join("old")).attempt(action)?;
        aside.close().attempt(action)
    }

    /// Every kernel that is there; nothing of it is verified.
    pub(crate) fn kernel_images(&self) -> Vec<Cached> {
        let dirs = self.kernel_dirs().into_iter();
        dirs.filter_map(|dir| read(&dir)).collect()
    }

    /// Those of a tool, the newest first; nothing of it is verified.
    pub(crate) fn tools(&self, name: ToolName) -> Vec<Cached> {
        let dirs = self.tool_dirs(name).into_iter();
        let mut tools: Vec<Cached> = dirs.filter_map(|dir| read_tool(&dir, name)).collect();
        tools.sort_by_key(|tool| std::cmp::Reverse(tool.about.obtained));
        tools
    }

    /// Everything that is there; nothing of it is verified.
    pub(crate) fn list(&self) -> Vec<Cached> {
        let tools = ToolName::ALL.into_iter().flat_map(|name| self.tools(name));
        self.kernel_images().into_iter().chain(tools).collect()
    }

    /// The directories with an image.
    pub(crate) fn kernel_dirs(&self) -> Vec<PathBuf> {
        let versions = subdirectories(&self.kernels()).into_iter();
        versions
            .flat_map(|version| subdirectories(&version))
            .collect()
    }

    /// Those with the files of a tool.
    pub(crate) fn tool_dirs(&self, name: ToolName) -> Vec<PathBuf> {
        subdirectories(&self.tool_dir(name))
    }

    pub(crate) fn tool_dir(&self, name: ToolName) -> PathBuf {
        self.dir.join("tools").join(name.name())
    }

    fn is_intact(&self, cached: &Cached, sha256: Option<&str>) -> bool {
        let About {
            size, sha256: then, ..
        } = &cached.about;
        sha256.is_none_or(|wanted| wanted == then)
            && self.memory.is_intact(&cached.path, *size, then)
    }
}

pub(crate) fn read(dir: &Path) -> Option<Cached> {
    let text = fs::read_to_string(dir.join("image.toml")).ok()?;
    Some(Cached {
        kind: Kind::Kernel,
        path: dir.join("vmlinuz"),
        about: about(&text)?,
    })
}

/// An earlier version kept the credentials of a mirror's URL.
fn about(text: &str) -> Option<About> {
    let mut about: About = toml::from_str(text).ok()?;
    about.source = without_credentials(&about.source);
    Some(about)
}

pub(crate) fn read_tool(dir: &Path, name: ToolName) -> Option<Cached> {
    let text = fs::read_to_string(dir.join("tool.toml")).ok()?;
    Some(Cached {
        kind: Kind::Tool(name),
        path: dir.join("root"),
        about: about(&text)?,
    })
}

/// In the order of their names; none where there is no such directory.
pub(crate) fn subdirectories(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut dirs: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    // `cloud-amd64` before `amd64`.
    dirs.sort();
    dirs.reverse();
    dirs
}

/// Opens a file of the cache to write to it, a new one where there is none. A
/// link is not followed: it might lead to a file of somebody else.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
}

/// Held while something in the cache is made; others wait, in this run and in
/// other runs. Ends with the process, however that ends.
pub(crate) struct Guard(File);

impl Guard {
    pub(crate) fn acquire(
        cache: &Path,
        name: &str,
        progress: &dyn Progress,
    ) -> Result<Self, ObtainError> {
        let dir = cache.join("locks");
        let path = dir.join(name);
        let action = || format!("write {}", path.display());
        loop {
            fs::create_dir_all(&dir).attempt(action)?;
            let file = open(&path).attempt(action)?;
            let guard = Self::of(file, &format!("the lock {}", path.display()), progress)?;
            // Else it was cleared away meanwhile, and somebody may have a new one.
            if guard.is_at(&path) {
                return Ok(guard);
            }
        }
    }

    /// The lock that is there; none where somebody holds it.
    pub(crate) fn idle(path: &Path) -> Result<Option<Self>, ObtainError> {
        let action = || format!("take the lock {}", path.display());
        let file = open(path).attempt(action)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(source).attempt(action),
        }
    }

    fn is_at(&self, path: &Path) -> bool {
        let identity = |about: fs::Metadata| (about.dev(), about.ino());
        let own = self.0.metadata().map(identity);
        own.is_ok_and(|own| fs::metadata(path).map(identity).is_ok_and(|it| it == own))
    }

    /// Waits for the lock on a file, with a deadline.
    pub(crate) fn of(file: File, what: &str, progress: &dyn Progress) -> Result<Self, ObtainError> {
        let begun = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(source)) => {
                    return Err(source).attempt(|| format!("take {what}"));
                }
                Err(TryLockError::WouldBlock) => {}
            }
            if begun.elapsed() > LOCK_WAIT {
                return Err(ObtainError::Timeout {
                    what: what.to_owned(),
                    waited: LOCK_WAIT,
                    hint: "see which run holds it with lslocks(8)",
                });
            }
            if !told && begun.elapsed() > Duration::from_secs(1) {
                progress.note(&format!("waiting for another run that holds {what}"));
                told = true;
            }
            thread::sleep(LOCK_POLL);
        }
    }
}
