//! The cache, looked after: checked, and rid of what nobody asks for any more.

use std::path::{Path, PathBuf};

use guest::Version;

use crate::cache::{Guard, read, read_tool, subdirectories};
use crate::catalogue::Catalogue;
use crate::error::ObtainError;
use crate::hash::Hasher;
use crate::memory::Memory;
use crate::progress::Progress;
use crate::store::Store;
use crate::sweep::{STALE, remove_entry};
use crate::tools::{self, ToolName};

/// A directory of the cache that holds one image, or one tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The directory.
    pub dir: PathBuf,
    /// The Debian version of the image; for a tool with its name before it.
    pub name: String,
    /// What is wrong with it, if anything is.
    pub problem: Option<String>,
}

/// A version that was removed from the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The Debian version, for a tool with its name before it; `indexes` and
    /// `partial` for what is neither.
    pub name: String,
    /// Bytes of its files.
    pub size: u64,
}

impl Store {
    /// Hashes everything in the cache again and holds it against what it was when
    /// it was verified, and against the lock files.
    #[must_use]
    pub fn verify(&self) -> Vec<Checked> {
        let mut checked: Vec<Checked> = (self.cache.kernel_dirs().into_iter())
            .map(|dir| Checked {
                name: debian_version(&dir),
                problem: self.problem(&dir),
                dir,
            })
            .collect();
        checked.sort_by_cached_key(|image| order(&image.name));
        for tool in ToolName::ALL {
            let dirs = self.cache.tool_dirs(tool).into_iter();
            checked.extend(dirs.map(|dir| Checked {
                name: name_of_tool(&dir, tool),
                problem: tools::problem(&dir, &Memory::default()),
                dir,
            }));
        }
        checked
    }

    fn problem(&self, dir: &Path) -> Option<String> {
        let Some(cached) = read(dir) else {
            return Some("there is no image.toml that says what it is".to_owned());
        };
        let was = &cached.about;
        match Hasher::of_file(&cached.path) {
            Err(error) => Some(format!("{}: {error}", cached.path.display())),
            Ok((size, sha256)) if (size, &sha256) != (was.size, &was.sha256) => Some(format!(
                "altered since it was verified: {size} bytes, sha256 {sha256}; it was {} bytes, {}",
                was.size, was.sha256
            )),
            Ok((_, sha256)) => {
                let pinned = self.lock.image_of(&was.debian_version)?;
                (pinned != sha256).then(|| format!("kernels.lock demands sha256 {pinned}"))
            }
        }
    }

    /// Removes the images that neither the catalogue nor the lock file names, the
    /// tools that `tools.lock` does not name any more, and, while no other run is at something, downloads that were broken off,
    /// indexes of more than a week ago and locks. An image that stands in for
    /// another version of its series stays as long as that is not there; so does such
    /// a tool.
    ///
    /// # Errors
    /// Where something cannot be removed, or is in use for too long.
    pub fn prune(
        &self,
        catalogue: &Catalogue,
        progress: &dyn Progress,
    ) -> Result<Vec<Removed>, ObtainError> {
        let there = |debian: &str| self.kernels().join(debian).is_dir();
        let wanted = |debian: &str| {
            let series = Version::leading(debian).map(|(version, _)| version.series());
            self.lock.image_of(debian).is_some()
                || catalogue.entries.iter().any(|entry| {
                    let stands_in = Ok(entry.version().series()) == series && !there(&entry.debian);
                    entry.debian == debian || stands_in
                })
        };
        let mut removed = self.remove_kernels(|debian| !wanted(debian), progress)?;
        let pinned = |tool| self.tool_pins.of(tool).map(|pinned| &pinned.tree[..]);
        removed.extend(self.remove_tools(
            |tool, dir| {
                let pinned = pinned(tool);
                let there = |tree| self.cache.tool_dir(tool).join(tree).is_dir();
                pinned.is_some_and(|tree| !dir.ends_with(tree) && there(tree))
            },
            progress,
        )?);
        removed.extend(self.sweep(STALE, progress)?);
        Ok(removed)
    }

    /// Removes everything; what runs have left there, while none is at something.
    ///
    /// # Errors
    /// Where something cannot be removed, or is in use for too long.
    pub fn prune_all(&self, progress: &dyn Progress) -> Result<Vec<Removed>, ObtainError> {
        let mut removed = self.remove_kernels(|_| true, progress)?;
        removed.extend(self.remove_tools(|_, _| true, progress)?);
        removed.extend(self.sweep(std::time::Duration::ZERO, progress)?);
        Ok(removed)
    }

    fn remove_kernels(
        &self,
        unwanted: impl Fn(&str) -> bool,
        progress: &dyn Progress,
    ) -> Result<Vec<Removed>, ObtainError> {
        let mut removed = Vec::new();
        let mut dirs = subdirectories(&self.kernels());
        dirs.sort_by_cached_key(|dir| order(&name(dir)));
        for dir in dirs {
            let debian = name(&dir);
            if unwanted(&debian) {
                // Nobody is to be amidst obtaining it.
                let lock = format!("kernel-{debian}");
                let _guard = Guard::acquire(&self.cache.dir, &lock, progress)?;
                removed.extend(remove(&debian, &dir)?);
            }
        }
        Ok(removed)
    }

    fn remove_tools(
        &self,
        unwanted: impl Fn(ToolName, &Path) -> bool,
        progress: &dyn Progress,
    ) -> Result<Vec<Removed>, ObtainError> {
        let mut removed = Vec::new();
        for tool in ToolName::ALL {
            for dir in self.cache.tool_dirs(tool) {
                if unwanted(tool, &dir) {
                    let _guard = Guard::acquire(&self.cache.dir, "tools", progress)?;
                    removed.extend(remove(&name_of_tool(&dir, tool), &dir)?);
                }
            }
        }
        Ok(removed)
    }

    fn kernels(&self) -> PathBuf {
        self.cache.dir.join("kernels")
    }
}

/// Its name, and its version if that is known.
fn name_of_tool(dir: &Path, tool: ToolName) -> String {
    let version = read_tool(dir, tool).map_or("?".to_owned(), |it| it.about.debian_version);
    format!("{tool} {version}")
}

fn remove(name: &str, dir: &Path) -> Result<Option<Removed>, ObtainError> {
    let size = remove_entry(dir)?;
    Ok((size > 0).then(|| Removed {
        name: name.to_owned(),
        size,
    }))
}

fn name(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// That of `…/kernels/<debian version>/<flavour>`.
fn debian_version(dir: &Path) -> String {
    dir.parent().map(name).unwrap_or_default()
}

fn order(debian: &str) -> (Option<Version>, String) {
    let version = Version::leading(debian).ok().map(|(version, _)| version);
    (version, debian.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{About, Silent};

    fn store(dir: &Path) -> (Store, Catalogue) {
        let catalogue = Catalogue::builtin();
        let store = Store::builder(&catalogue)
            .cache_dir(dir)
            .kernel_pins("")
            .build();
        (store.unwrap(), catalogue)
    }

    fn keep(store: &Store, debian: &str, image: &[u8]) -> PathBuf {
        let dir = store.kernels().join(debian).join("cloud-amd64");
        fs::create_dir_all(&dir).unwrap();
        let about = About {
            debian_version: debian.to_owned(),
            package: "linux-image".to_owned(),
            source: "a test".to_owned(),
            size: image.len() as u64,
            sha256: Hasher::of(image),
            obtained: jiff::Timestamp::UNIX_EPOCH,
            substituted_for: None,
        };
        fs::write(dir.join("vmlinuz"), image).unwrap();
        fs::write(dir.join("image.toml"), toml::to_string(&about).unwrap()).unwrap();
        dir
    }

    #[test]
    fn an_altered_image_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = store(dir.path());
        keep(&store, "6.1.176-1", b"image");
        let altered = keep(&store, "5.10.223-1", b"image");
        fs::write(altered.join("vmlinuz"), b"Image").unwrap();
        let nameless = keep(&store, "6.12.117-1", b"image");
        fs::remove_file(nameless.join("image.toml")).unwrap();
        let problems: Vec<(String, bool)> = store
            .verify()
            .into_iter()
            .map(|image| (image.name, image.problem.is_some()))
            .collect();
        let expected = [
            ("5.10.223-1", true),
            ("6.1.176-1", false),
            ("6.12.117-1", true),
        ];
        assert_eq!(problems, expected.map(|(name, bad)| (name.to_owned(), bad)));
    }

    #[test]
    fn what_nobody_names_is_pruned_but_not_what_stands_in() {
        let dir = tempfile::tempdir().unwrap();
        let (store, catalogue) = store(dir.path());
        let pinned = |name: &str| {
            let entry = catalogue.entries.iter().find(|entry| entry.name == name);
            entry.unwrap().debian.clone()
        };
        keep(&store, &pinned("6.1"), b"image");
        keep(&store, "6.1.2-1", b"older");
        keep(
            &store,
            "5.10.2-1",
            b"stands in for the one of the catalogue",
        );
        keep(&store, "2.6.32-1", b"ancient");
        let names = |removed: Vec<Removed>| -> Vec<String> {
            removed.into_iter().map(|removed| removed.name).collect()
        };
        let removed = store.prune(&catalogue, &Silent).unwrap();
        assert_eq!(names(removed), ["2.6.32-1", "6.1.2-1"]);
        let removed = store.prune_all(&Silent).unwrap();
        assert_eq!(names(removed), ["5.10.2-1".to_owned(), pinned("6.1")]);
        assert_eq!(store.verify(), []);
    }
}
