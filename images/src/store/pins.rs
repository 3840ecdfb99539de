//! `kernels.lock`: what was verified once, and must stay the same.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::identity::{Identity, Vendor, default_arch, is_default_arch};
use crate::debian::archive::Archive;
use crate::debian::debian_version::is_plain;
use crate::debian::packages::{Package, is_relative};
use crate::files::hash::{FileSum, parse_sha256};
use crate::files::read::read_text;
use crate::files::write_whole;
use crate::http::{guard, locked};
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Silent;

/// The pins that are built into this program, verified by those who made it.
const BUILT_IN: &str = include_str!("../../kernels.lock");

const HEAD: &str = "\
# What was verified once through the signatures of the Debian archive. Written
# by the program; to renew an entry, change kernels.toml or remove it here.
";

/// One kernel, verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    /// The vendor's version.
    pub(crate) debian: String,
    #[serde(default, skip_serializing_if = "Vendor::is_default")]
    pub(crate) vendor: Vendor,
    #[serde(default = "default_arch", skip_serializing_if = "is_default_arch")]
    pub(crate) arch: String,
    pub(crate) package: String,
    /// Which of Debian's archives; none of another vendor's kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) archive: Option<Archive>,
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

impl Pin {
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            vendor: self.vendor.clone(),
            version: self.debian.clone(),
            arch: self.arch.clone(),
        }
    }

    /// The package that it names, if that can be one with a kernel.
    pub(crate) fn package(&self) -> Option<Package> {
        if self.vendor.is_default() {
            let (arch, _) = Package::flavour_of(&self.package)?;
            (arch.name == self.arch).then_some(())?;
        }
        let file = FileSum {
            path: self.path.clone(),
            size: self.size,
            sha256: parse_sha256(&self.sha256)?,
        };
        let package = Package::alone(&self.package, &self.debian, file);
        (is_relative(&self.path) && is_plain(&self.debian)).then_some(package)
    }
}

pub(crate) type Pins = BTreeMap<String, Pin>;

/// The pins that are built in, and those of a lock file.
pub(crate) struct KernelPins {
    built_in: Pins,
    /// The user's, outside of the cache, whose contents are not trusted.
    path: Option<PathBuf>,
    of_file: Mutex<Pins>,
}

impl KernelPins {
    /// Reads the lock file, if there is one. `in_place` replaces what is built in.
    pub(crate) fn open(path: Option<PathBuf>, in_place: Option<&str>) -> anyhow::Result<Self> {
        let of_file = match &path {
            None => Pins::new(),
            Some(path) => read(path).with_context(|| {
                let path = path.display();
                format!("cannot use the lock file {path}; restore it from git, or remove it")
            })?,
        };
        Ok(Self {
            built_in: parse(in_place.unwrap_or(BUILT_IN)).context("kernels.lock is malformed")?,
            path,
            of_file: Mutex::new(of_file),
        })
    }

    /// Reads the file again: another run may have pinned what it obtained.
    pub(crate) fn refresh(&self) {
        if let Some(Ok(pins)) = self.path.as_deref().map(read) {
            *locked(&self.of_file) = pins;
        }
    }

    /// The pin of a kernel of the catalogue, if it is for this version of it.
    pub(crate) fn pin(&self, name: &str, kernel: &Identity) -> Option<Pin> {
        self.find(|of, pin| of == name && pin.identity() == *kernel)
    }

    /// The pin of a vendor's kernel under this name, in whichever version it was pinned.
    pub(crate) fn named(&self, name: &str, vendor: &Vendor) -> Option<Pin> {
        self.find(|of, pin| of == name && pin.vendor == *vendor)
    }

    /// The hash that is pinned for the image of a kernel, under any name.
    pub(crate) fn image_of(&self, kernel: &Identity) -> Option<String> {
        let pin = self.find(|_, pin| pin.identity() == *kernel)?;
        Some(pin.image_sha256)
    }

    /// What is built in comes first: a file can be altered.
    fn find(&self, wanted: impl Fn(&str, &Pin) -> bool) -> Option<Pin> {
        let of_file = locked(&self.of_file);
        let mut all = self.built_in.iter().chain(of_file.iter());
        let found = all.find(|(name, pin)| wanted(name, pin));
        found.map(|(_, pin)| pin.clone())
    }

    /// Pins a kernel in the file, if there is one; other runs may do so at the same
    /// time.
    pub(crate) fn add(&self, name: &str, pin: Pin) -> Result<(), ObtainError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let action = || format!("write {}", path.display());
        let dir = match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
        let mut of_file = locked(&self.of_file);
        fs::create_dir_all(dir).attempt(action)?;
        let _lock = guard::wait(
            File::open(dir).attempt(action)?,
            &format!("the directory of {}", path.display()),
            &Silent,
        )?;
        let mut merged = read(path).map_err(io::Error::other).attempt(action)?;
        merged.insert(name.to_owned(), pin);
        let text = text(&merged).map_err(io::Error::other).attempt(action)?;
        write_whole(path, text.as_bytes()).attempt(action)?;
        *of_file = merged;
        Ok(())
    }
}

fn read(path: &Path) -> anyhow::Result<Pins> {
    match read_text(path) {
        Ok(text) => parse(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Pins::new()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn parse(text: &str) -> anyhow::Result<Pins> {
    Ok(toml::from_str(text)?)
}

/// The whole file, the pins in version order.
pub(crate) fn text(pins: &Pins) -> anyhow::Result<String> {
    let mut entries: Vec<_> = pins.iter().collect();
    entries.sort_by_key(|(name, pin)| {
        let series = name.rsplit('/').next().unwrap_or_default();
        (
            !is_default_arch(&pin.arch),
            series.parse::<guest::Version>().ok(),
        )
    });
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
            vendor: Vendor::default(),
            arch: default_arch(),
            package: "linux-image-amd64".to_owned(),
            archive: Some(Archive::Debian),
            path: "pool/x.deb".to_owned(),
            size: 1,
            sha256: "0".repeat(64),
            image_size: 2,
            image_sha256: "1".repeat(64),
            signer: "F".repeat(40),
            signed: Timestamp::UNIX_EPOCH,
        }
    }

    fn kernel(debian: &str) -> Identity {
        Identity::of_default_vendor(debian)
    }

    #[test]
    fn a_pin_names_vendor_and_architecture_where_they_are_not_the_usual_ones() {
        let usual = text(&[("3.10".to_owned(), pin("3.10.11-1"))].into()).unwrap();
        assert!(!usual.contains("vendor") && !usual.contains("arch ="));
        let arch = "aarch64".to_owned();
        let other: Pins = [(
            "3.10".to_owned(),
            Pin {
                arch,
                ..pin("3.10.11-1")
            },
        )]
        .into();
        assert_eq!(parse(&text(&other).unwrap()).unwrap(), other);
        assert_ne!(other["3.10"].identity(), kernel("3.10.11-1"));
    }

    #[test]
    fn a_pin_is_there_again_for_the_same_version_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kernels.lock");
        let lock = KernelPins::open(Some(path.clone()), Some("")).unwrap();
        assert_eq!(lock.pin("3.10", &kernel("3.10.11-1")), None);
        lock.add("3.10", pin("3.10.11-1")).unwrap();
        let lock = KernelPins::open(Some(path), Some("")).unwrap();
        assert_eq!(
            lock.pin("3.10", &kernel("3.10.11-1")),
            Some(pin("3.10.11-1"))
        );
        assert_eq!(lock.pin("3.10", &kernel("3.10.11-2")), None);
    }

    #[test]
    fn two_runs_keep_each_other_s_pins_in_version_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kernels.lock");
        let (one, two) = (
            KernelPins::open(Some(path.clone()), Some("")).unwrap(),
            KernelPins::open(Some(path.clone()), Some("")).unwrap(),
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
        let catalogue = crate::catalogue::Catalogue::builtin();
        for (name, pin) in pins {
            let entry = catalogue.entries.iter().find(|entry| entry.name == name);
            assert_eq!(entry.unwrap().debian, pin.debian, "{name} is out of date");
            assert!(pin.package().is_some(), "{name}");
        }
    }

    #[test]
    fn a_damaged_lock_file_is_not_taken_for_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kernels.lock");
        fs::write(&path, "<<<<<<< HEAD").unwrap();
        assert!(KernelPins::open(Some(path), Some("")).is_err());
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
