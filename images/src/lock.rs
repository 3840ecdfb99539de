//! `kernels.lock`: what was verified once, and must be the same ever after.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cache::Guard;
use crate::error::{Attempt, ObtainError};

/// What is built into this program: verified once by those who made it.
const BUILT_IN: &str = include_str!("../kernels.lock");

const HEAD: &str = "\
# What was verified once through the signatures of the Debian archive. Written
# by the program; to renew an entry, change kernels.toml or remove it here.
";

/// One kernel, verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    pub(crate) debian: String,
    pub(crate) package: String,
    pub(crate) archive: Archive,
    /// Path of the `.deb` from the archive's root.
    pub(crate) path: String,
    /// Of the `.deb`, as are `size` and `sha256`; in bytes.
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) image_size: u64,
    pub(crate) image_sha256: String,
    /// Fingerprint of the key that signed the release file.
    pub(crate) signer: String,
    pub(crate) signed: Timestamp,
}

/// Debian's archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Archive {
    #[serde(rename = "debian")]
    Debian,
    #[serde(rename = "debian-security")]
    Security,
}

impl Archive {
    /// The archive in which a suite is.
    pub(crate) fn of_suite(suite: &str) -> Self {
        match suite.ends_with("-security") {
            true => Self::Security,
            false => Self::Debian,
        }
    }

    /// Its directory on the servers.
    pub(crate) fn directory(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Security => "debian-security",
        }
    }
}

pub(crate) type Pins = BTreeMap<String, Pin>;

/// The pins that are built in, and those of a lock file besides.
pub(crate) struct Lock {
    built_in: Pins,
    path: PathBuf,
    pins: Mutex<Pins>,
}

impl Lock {
    /// Reads the file; where there is none, only what is built in is pinned, or
    /// what stands in its place.
    pub(crate) fn open(path: PathBuf, in_place: Option<&str>) -> anyhow::Result<Self> {
        let pins = read(&path).with_context(|| {
            format!(
                "cannot use the lock file {}; restore it from git, or remove it",
                path.display()
            )
        })?;
        Ok(Self {
            built_in: parse(in_place.unwrap_or(BUILT_IN)).context("kernels.lock is malformed")?,
            path,
            pins: Mutex::new(pins),
        })
    }

    /// What is pinned for a kernel, if it is this version of it.
    pub(crate) fn pin(&self, name: &str, debian: &str) -> Option<Pin> {
        self.find(|of, pin| of == name && pin.debian == debian)
    }

    /// The hash that is pinned for the image of a version, whatever its name.
    pub(crate) fn image_of(&self, debian: &str) -> Option<String> {
        let pin = self.find(|_, pin| pin.debian == debian)?;
        Some(pin.image_sha256)
    }

    /// The built-in one goes first: what is written to a file can be altered.
    fn find(&self, wanted: impl Fn(&str, &Pin) -> bool) -> Option<Pin> {
        let pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.built_in.iter().chain(pins.iter());
        let found = all.find(|(name, pin)| wanted(name, pin));
        found.map(|(_, pin)| pin.clone())
    }

    /// Pins a kernel, in the file, too; other runs may do so at the same time.
    pub(crate) fn add(&self, name: &str, pin: Pin) -> Result<(), ObtainError> {
        let action = || format!("write {}", self.path.display());
        let dir = match self.path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
        let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        fs::create_dir_all(dir).attempt(action)?;
        let _guard = Guard::of(
            File::open(dir).attempt(action)?,
            &format!("the directory of {}", self.path.display()),
            &crate::Silent,
        )?;
        let mut merged = read(&self.path).map_err(io::Error::other).attempt(action)?;
        merged.insert(name.to_owned(), pin);
        write(&self.path, &merged).attempt(action)?;
        *pins = merged;
        Ok(())
    }
}

fn read(path: &Path) -> anyhow::Result<Pins> {
    match fs::read_to_string(path) {
        Ok(text) => parse(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Pins::new()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn parse(text: &str) -> anyhow::Result<Pins> {
    Ok(toml::from_str(text)?)
}

/// Whole or not at all; the caller holds the lock, so that nobody else writes.
fn write(path: &Path, pins: &Pins) -> io::Result<()> {
    let text = text(pins).map_err(io::Error::other)?;
    // Always the same name: what a killed run left there is written over.
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}

/// The whole file, the pins in version order.
pub(crate) fn text(pins: &Pins) -> anyhow::Result<String> {
    let mut entries: Vec<_> = pins.iter().collect();
    entries.sort_by_key(|(name, _)| name.parse::<guest::Version>().ok());
    let mut text = HEAD.to_owned();
    for (name, pin) in entries {
        text += "\n";
        text += &toml::to_string(&BTreeMap::from([(name, pin)]))?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pin(debian: &str) -> Pin {
        Pin {
            debian: debian.to_owned(),
            package: "linux-image-amd64".to_owned(),
            archive: Archive::Debian,
            path: "pool/x.deb".to_owned(),
            size: 1,
            sha256: "0".repeat(64),
            image_size: 2,
            image_sha256: "1".repeat(64),
            signer: "F".repeat(40),
            signed: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_pin_is_there_again_for_the_same_version_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kernels.lock");
        let lock = Lock::open(path.clone(), Some("")).unwrap();
        assert_eq!(lock.pin("3.10", "3.10.11-1"), None);
        lock.add("3.10", pin("3.10.11-1")).unwrap();
        let lock = Lock::open(path, Some("")).unwrap();
        assert_eq!(lock.pin("3.10", "3.10.11-1"), Some(pin("3.10.11-1")));
        assert_eq!(lock.pin("3.10", "3.10.11-2"), None);
    }

    #[test]
    fn two_runs_keep_each_other_s_pins_in_version_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kernels.lock");
        let (one, two) = (
            Lock::open(path.clone(), Some("")).unwrap(),
            Lock::open(path.clone(), Some("")).unwrap(),
        );
        one.add("3.10", pin("3.10.11-1")).unwrap();
        two.add("3.9", pin("3.9.8-1")).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let at = |name: &str| {
            text.find(name)
                .unwrap_or_else(|| panic!("{name} is not in {text}"))
        };
        assert!(at("[\"3.9\"]") < at("[\"3.10\"]"), "{text}");
    }

    #[test]
    fn the_committed_lock_file_pins_kernels_of_the_catalogue() {
        let pins: Pins = parse(BUILT_IN).unwrap();
        let catalogue = crate::Catalogue::builtin();
        for (name, pin) in pins {
            let entry = catalogue.entries.iter().find(|entry| entry.name == name);
            assert_eq!(entry.unwrap().debian, pin.debian, "{name} is out of date");
            assert!(crate::packages::Package::pinned(&pin).is_some(), "{name}");
        }
    }

    #[test]
    fn a_damaged_lock_file_is_not_taken_for_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kernels.lock");
        fs::write(&path, "<<<<<<< HEAD").unwrap();
        assert!(Lock::open(path, Some("")).is_err());
    }

    proptest! {
        #[test]
        fn pins_are_written_as_they_are_read(
            pins in proptest::collection::btree_map(any::<String>(), any::<(String, u32)>(), 0..5),
        ) {
            let pins: Pins = (pins.into_iter())
                .map(|(name, (path, size))| {
                    let size = size.into();
                    (name, Pin { path, size, ..pin("3.10.11-1") })
                })
                .collect();
            prop_assert_eq!(parse(&text(&pins).unwrap()).unwrap(), pins);
        }
    }
}
