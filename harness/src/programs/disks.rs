//! The disks that a program is given.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use images::{Launch, Progress, Store, ToolName};

use crate::machine::Disk;
use crate::payload::BadRequest;
use crate::system::anonymous;

/// The longest name that a disk tells its machine (virtio's specification, "Block Device").
const LONGEST_NAME: usize = 20;
/// How a file of QEMU's own format begins (its docs/interop/qcow2.rst).
const QCOW2: [u8; 4] = *b"QFI\xfb";

/// A disk, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedDisk {
    /// What it is called; by default `disk1`, `disk2` and so on.
    name: Option<String>,
    of: DiskContent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DiskContent {
    /// A new one of so many bytes, with a file system or without.
    Scratch { bytes: u64, ext4: bool },
    /// A file.
    File { path: PathBuf, writable: bool },
}

impl FromStr for WantedDisk {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const HOW: &str = "write a size, as 64M or 1G:ext4, or a file, as ./disk.qcow2 or \
                           ./disk.raw:rw; a name may stand before it, as data=64M";
        let (name, of) = match text.split_once('=') {
            Some((name, of)) => (Some(name.to_owned()), of),
            None => (None, text),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = |name: &String| {
            (1..=LONGEST_NAME).contains(&name.len())
                && name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name.bytes().all(plain)
        };
        if of.is_empty() || name.as_ref().is_some_and(|name| !is_name(name)) {
            return Err(HOW.to_owned());
        }
        let (size, ext4) = match of.strip_suffix(":ext4") {
            Some(size) => (size, true),
            None => (of, false),
        };
        let (path, writable) = match of.strip_suffix(":rw") {
            Some(path) => (path, true),
            None => (of, false),
        };
        let of = match bytes(size) {
            Some(bytes) => DiskContent::Scratch { bytes, ext4 },
            None if ext4 => return Err(HOW.to_owned()),
            None => DiskContent::File {
                path: path.into(),
                writable,
            },
        };
        Ok(Self { name, of })
    }
}

/// A size, as `64M`: from a MiB to a TiB.
fn bytes(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(['M', 'G']);
    let unit = match &text[number.len()..] {
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    let bytes = number.parse::<u64>().ok()?.checked_mul(unit)?;
    (1 << 20..=1 << 40).contains(&bytes).then_some(bytes)
}

/// What disks are called.
#[must_use]
pub fn disk_names(disks: &[WantedDisk]) -> Vec<String> {
    let numbered = (1..).zip(disks);
    let named = numbered.map(|(number, disk)| match &disk.name {
        Some(name) => name.clone(),
        None => format!("disk{number}"),
    });
    named.collect()
}

/// Makes the disks of one machine after the other.
#[derive(Clone, Debug, Default)]
pub struct Disks {
    wanted: Vec<WantedDisk>,
    /// What makes a file system, if one is wanted.
    mke2fs: Option<Launch>,
}

/// The disks of one machine; those that are new are gone with this.
pub(crate) struct MadeDisks {
    pub(crate) disks: Vec<Disk>,
    _scratch: Vec<File>,
}

impl Disks {
    /// These.
    ///
    /// # Errors
    /// If a file is not there, two disks have one name, or what makes file systems cannot be
    /// obtained.
    pub fn new(wanted: Vec<WantedDisk>, store: &Store, progress: &dyn Progress) -> Result<Self> {
        for disk in &wanted {
            if let DiskContent::File { path, .. } = &disk.of {
                let named = || format!("--disk {}", path.display());
                fs::metadata(path).with_context(named)?;
            }
        }
        let is_ext4 =
            |disk: &WantedDisk| matches!(disk.of, DiskContent::Scratch { ext4: true, .. });
        let mke2fs = match wanted.iter().any(is_ext4) {
            true => Some(store.tool(ToolName::Mke2fs, progress)?.launch("mke2fs")),
            false => None,
        };
        let disks = Self { wanted, mke2fs };
        let names = disk_names(&disks.wanted);
        for (number, name) in names.iter().enumerate() {
            ensure!(
                !names[..number].contains(name),
                BadRequest::new(format!("two disks are called {name}: name them apart"))
            );
        }
        Ok(disks)
    }

    pub(crate) fn make(&self) -> Result<MadeDisks> {
        let mut made = MadeDisks {
            disks: Vec::new(),
            _scratch: Vec::new(),
        };
        for (name, wanted) in disk_names(&self.wanted).into_iter().zip(&self.wanted) {
            let making = || format!("making the disk {name}");
            let (path, format, writable) = match &wanted.of {
                DiskContent::Scratch { bytes, ext4 } => {
                    let file = tempfile::tempfile().with_context(making)?;
                    file.set_len(*bytes).with_context(making)?;
                    let path = anonymous::path(&file);
                    if *ext4 {
                        self.format(&path).with_context(making)?;
                    }
                    made._scratch.push(file);
                    (path, "raw", true)
                }
                DiskContent::File { path, writable } => {
                    let mut magic = [0; 4];
                    let read = File::open(path).and_then(|mut file| file.read(&mut magic));
                    read.with_context(|| format!("--disk {}", path.display()))?;
                    let format = if magic == QCOW2 { "qcow2" } else { "raw" };
                    (path.clone(), format, *writable)
                }
            };
            made.disks.push(Disk {
                name,
                path,
                format,
                writable,
            });
        }
        Ok(made)
    }

    fn format(&self, path: &std::path::Path) -> Result<()> {
        let mke2fs = self.mke2fs.as_ref().context("there is no mke2fs")?;
        let mut command = mke2fs.command();
        let output = command.args(["-q", "-F", "-t", "ext4"]).arg(path).output();
        let output = output.with_context(|| format!("starting {mke2fs}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{mke2fs}: {}", said.trim());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_a_size_or_a_file() {
        let disk = |text: &str| text.parse::<WantedDisk>();
        let of = |text: &str| disk(text).unwrap().of;
        let scratch = |bytes, ext4| DiskContent::Scratch { bytes, ext4 };
        assert_eq!(of("64M"), scratch(64 << 20, false));
        assert_eq!(of("1G:ext4"), scratch(1 << 30, true));
        let file = |path: &str, writable| DiskContent::File {
            path: path.into(),
            writable,
        };
        assert_eq!(of("./disk.qcow2"), file("./disk.qcow2", false));
        assert_eq!(of("./disk:rw"), file("./disk", true));
        assert_eq!(disk("data=64M").unwrap().name.as_deref(), Some("data"));
        for text in [
            "",
            "=64M",
            "a b=1G",
            "1=64M",
            "x=",
            "./disk:ext4",
            "0M:ext4",
        ] {
            assert!(disk(text).unwrap_err().contains("1G:ext4"), "{text}");
        }
    }

    #[test]
    fn each_disk_has_a_name_of_its_own() {
        let store = Store::builder(&images::Catalogue::builtin())
            .build()
            .unwrap();
        let disks = |texts: &[&str]| {
            let wanted = texts.iter().map(|text| text.parse().unwrap()).collect();
            Disks::new(wanted, &store, &images::Silent)
        };
        let names = disk_names(&disks(&["1M", "data=1M", "2M"]).unwrap().wanted);
        assert_eq!(names, ["disk1", "data", "disk3"]);
        let refused = disks(&["1M", "disk1=1M"]).unwrap_err();
        assert!(refused.to_string().contains("two disks are called disk1"));
        let missing = disks(&["/no/such"]).unwrap_err();
        assert_eq!(missing.to_string(), "--disk /no/such");
    }
}
