//! Everything in the cache, hashed again.

use std::path::{Path, PathBuf};

use guest::Version;

use crate::files::hash::Hasher;
use crate::files::verified::VerifiedFiles;
use crate::store::Store;
use crate::store::cache::{CachedKind, read};
use crate::tools::{ToolName, file_list};

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

impl Store {
    /// Hashes everything in the cache again and compares it with what it was when it
    /// was verified, and with the lock files.
    #[must_use]
    pub fn verify(&self) -> Vec<Checked> {
        let kernels = self.cache.kernel_dirs().into_iter();
        let kernels = kernels.map(|dir| Checked {
            name: dir.parent().map(name).unwrap_or_default(),
            problem: self.problem(&dir),
            dir,
        });
        let mut checked: Vec<Checked> = kernels.collect();
        checked.sort_by_cached_key(|image| order(&image.name));
        for tool in ToolName::all() {
            let dirs = self.cache.tool_dirs(tool).into_iter();
            checked.extend(dirs.map(|dir| Checked {
                name: name_of_tool(&dir, tool),
                problem: self.problem_of_tool(&dir, tool),
                dir,
            }));
        }
        checked
    }

    fn problem_of_tool(&self, dir: &Path, tool: ToolName) -> Option<String> {
        let altered = file_list::problem(dir, &VerifiedFiles::default());
        let altered = altered.unwrap_or_else(|error| Some(error.to_string()));
        let pinned = self.tool_pins.of(tool)?;
        if altered.is_some() || dir.ends_with(&pinned.tree) {
            return altered;
        }
        match read(dir, CachedKind::Tool(tool)) {
            None => Some("there is no tool.toml that says what it is".to_owned()),
            Some(cached) => self.proof_of_tool(&cached, pinned).err(),
        }
    }

    fn problem(&self, dir: &Path) -> Option<String> {
        let Some(cached) = read(dir, CachedKind::Kernel) else {
            return Some("there is no image.toml that says what it is".to_owned());
        };
        let was = &cached.about;
        match Hasher::of_file(&cached.path) {
            Err(error) => Some(format!("{}: {error}", cached.path.display())),
            Ok((size, sha256)) if (size, &sha256) != (was.size, &was.sha256) => Some(format!(
                "altered since it was verified: {size} bytes, sha256 {sha256}; it was {} bytes, {}",
                was.size, was.sha256
            )),
            Ok((_, sha256)) => match self.pins.image_of(&was.identity()) {
                None => self.proof_of(&cached).err(),
                Some(pinned) if pinned == sha256 => None,
                Some(pinned) => Some(format!("kernels.lock demands sha256 {pinned}")),
            },
        }
    }
}

/// Its name, and its version if that is known.
pub(crate) fn name_of_tool(dir: &Path, tool: ToolName) -> String {
    let cached = read(dir, CachedKind::Tool(tool));
    let version = cached.map_or("?".to_owned(), |it| it.about.debian_version);
    format!("{tool} {version}")
}

/// The last part of a path.
pub(crate) fn name(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What kernels are sorted by.
pub(crate) fn order(debian: &str) -> (Option<Version>, String) {
    let version = Version::leading(debian).ok().map(|(version, _)| version);
    (version, debian.to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::catalogue::identity::{Identity, Vendor, default_arch};
    use crate::debian::archive::Archive;
    use crate::store::cache::About;
    use crate::store::pins::{KernelPins, Pin, text};

    pub(crate) fn store(dir: &Path) -> (Store, Catalogue) {
        let catalogue = Catalogue::builtin();
        let store = Store::builder(&catalogue)
            .cache_dir(dir)
            .kernel_pins("")
            .build();
        (store.unwrap(), catalogue)
    }

    fn pin(debian: &str, image: &[u8]) -> Pin {
        Pin {
            debian: debian.to_owned(),
            vendor: Vendor::default(),
            arch: default_arch(),
            package: "linux-image".to_owned(),
            archive: Some(Archive::Debian),
            path: "pool/x.deb".to_owned(),
            size: 1,
            sha256: "0".repeat(64),
            image_size: image.len() as u64,
            image_sha256: Hasher::of(image),
            signer: "F".repeat(40),
            signed: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    pub(crate) fn keep(store: &Store, debian: &str, image: &[u8]) -> PathBuf {
        let dir = store
            .cache
            .dir
            .join("kernels")
            .join(debian)
            .join("cloud-amd64");
        fs::create_dir_all(&dir).unwrap();
        let kernel = Identity::of_default_vendor(debian);
        let about = About {
            size: image.len() as u64,
            sha256: Hasher::of(image),
            ..About::new(kernel, "linux-image", "a test".to_owned())
        };
        fs::write(dir.join("vmlinuz"), image).unwrap();
        fs::write(dir.join("image.toml"), toml::to_string(&about).unwrap()).unwrap();
        dir
    }

    #[test]
    fn an_altered_image_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, _) = store(dir.path());
        let versions = ["5.10.223-1", "6.1.176-1", "6.12.117-1"];
        let pins = versions.map(|debian| (debian.to_owned(), pin(debian, b"image")));
        let pins = text(&pins.into()).unwrap();
        store.pins = KernelPins::open(None, Some(&pins)).unwrap();
        // Nothing proves this one.
        keep(&store, "6.2.1-1", b"image");
        keep(&store, "6.1.176-1", b"image");
        let altered = keep(&store, "5.10.223-1", b"image");
        fs::write(altered.join("vmlinuz"), b"Image").unwrap();
        let unnamed = keep(&store, "6.12.117-1", b"image");
        fs::remove_file(unnamed.join("image.toml")).unwrap();
        let problems: Vec<(String, bool)> = store
            .verify()
            .into_iter()
            .map(|image| (image.name, image.problem.is_some()))
            .collect();
        let expected = [
            ("5.10.223-1", true),
            ("6.1.176-1", false),
            ("6.2.1-1", true),
            ("6.12.117-1", true),
        ];
        assert_eq!(problems, expected.map(|(name, bad)| (name.to_owned(), bad)));
    }
}
