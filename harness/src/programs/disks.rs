//! The disks that a program is given.

use std::cell::OnceCell;
use std::fmt::{self, Display, Formatter};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use images::files::open_regular;
use images::{Launch, Progress, Store, ToolName};

use crate::machine::Disk;
use crate::payload::BadRequest;
use crate::system::anonymous;

/// The longest name that a disk tells its machine (virtio's specification, "Block Device").
const LONGEST_NAME: usize = 20;
/// How many disks a machine has room for, beside its other devices.
const MOST_DISKS: usize = 24;
/// How a file of QEMU's own format begins (its docs/interop/qcow2.rst).
const QCOW2: [u8; 4] = *b"QFI\xfb";
/// How much of such a file tells whether it leads to others.
const QCOW2_HEADER: usize = 80;
/// What can be asked for.
const HOW: &str = "write a size, as 64M or 1G:ext4, or a file, as ./disk.qcow2 or ./disk.raw:rw; \
                   a name may stand before it, as data=64M";

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
    File {
        path: PathBuf,
        /// None, if its name tells.
        format: Option<DiskFormat>,
        writable: bool,
    },
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DiskFormat {
    Raw,
    Qcow2,
}

impl DiskFormat {
    /// What QEMU calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
        }
    }

    /// The format of a file that has no word for it. Its content does not decide: a guest
    /// writes that of a raw disk, and a qcow2 may lead to any file of this host.
    fn of(path: &Path, start: &[u8]) -> Result<Self> {
        match path.extension() {
            Some(ending) if ending == "qcow2" => Ok(Self::Qcow2),
            Some(ending) if ending == "raw" => Ok(Self::Raw),
            _ if !start.starts_with(&QCOW2) => Ok(Self::Raw),
            _ => bail!(BadRequest::new(format!(
                "{} begins as a qcow2 does: write {0}:qcow2 if you made it as one, and {0}:raw if \
                 a guest may have written that",
                path.display()
            ))),
        }
    }

    /// Checks that the file does not lead to another one: a stranger's would lead to any
    /// file of this host.
    fn check(self, path: &Path, start: &[u8]) -> Result<()> {
        let number = |at: usize| {
            let bytes = start.get(at..at + 8)?.try_into().ok()?;
            Some(u64::from_be_bytes(bytes))
        };
        // The second version of the format has no features.
        let is_second = start.get(4..8) == Some(&2_u32.to_be_bytes()[..]);
        let features = if is_second { Some(0) } else { number(72) };
        let leads = match (self, number(8), features) {
            (Self::Qcow2, Some(backing), Some(features)) => backing != 0 || features & 0b100 != 0,
            _ => false,
        };
        ensure!(
            !leads,
            BadRequest::new(format!(
                "{} keeps its content in another file, which a disk cannot: copy it into one with \
                 qemu-img convert -O qcow2",
                path.display()
            ))
        );
        Ok(())
    }
}

impl FromStr for WantedDisk {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
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
        let of = match bytes(size) {
            Some(bytes) => DiskContent::Scratch { bytes, ext4 },
            None if ext4 => return Err(HOW.to_owned()),
            None => file(of),
        };
        Ok(Self { name, of })
    }
}

/// A file with words behind it: `:raw`, `:qcow2`, `:ro`, `:rw`.
fn file(text: &str) -> DiskContent {
    let (mut path, mut format, mut access) = (text, None, None);
    while let Some((before, word)) = path.rsplit_once(':') {
        match word {
            "raw" if format.is_none() => format = Some(DiskFormat::Raw),
            "qcow2" if format.is_none() => format = Some(DiskFormat::Qcow2),
            "ro" | "rw" if access.is_none() => access = Some(word),
            _ => break,
        }
        path = before;
    }
    DiskContent::File {
        path: path.into(),
        format,
        writable: access == Some("rw"),
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

impl WantedDisk {
    /// Whether it is a file that a machine may write to.
    pub(super) fn is_written_file(&self) -> bool {
        matches!(self.of, DiskContent::File { writable: true, .. })
    }
}

/// Without its name.
impl Display for DiskContent {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scratch { bytes, ext4 } => {
                write!(f, "{}M{}", bytes >> 20, if *ext4 { ":ext4" } else { "" })
            }
            Self::File {
                path,
                format,
                writable,
            } => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                write!(f, "{}", path.display())?;
                if let Some(format) = format {
                    write!(f, ":{}", format.name())?;
                }
                f.write_str(if *writable { ":rw" } else { "" })
            }
        }
    }
}

/// Disks as words of a command line, each with its name.
pub(super) fn named_disks(disks: &[WantedDisk]) -> Vec<String> {
    let named = disk_names(disks).into_iter().zip(disks);
    named
        .map(|(name, disk)| format!("{name}={}", disk.of))
        .collect()
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

/// The disks of one machine, made when it first needs them.
pub(crate) struct LazyDisks<'a> {
    of: &'a Disks,
    made: OnceCell<MadeDisks>,
}

impl<'a> LazyDisks<'a> {
    pub(crate) const fn new(of: &'a Disks) -> Self {
        let made = OnceCell::new();
        Self { of, made }
    }

    pub(crate) fn get(&self) -> Result<&[Disk]> {
        let made = match self.made.get() {
            Some(made) => made,
            None => {
                let made = self.of.make()?;
                self.made.get_or_init(|| made)
            }
        };
        Ok(&made.disks)
    }
}

/// The disks of one machine; those that are new are gone with this.
struct MadeDisks {
    disks: Vec<Disk>,
    _scratch: Vec<File>,
}

impl Disks {
    /// These.
    ///
    /// # Errors
    /// If a file is not there, two disks have one name, or what makes file systems cannot be
    /// obtained.
    pub fn new(wanted: Vec<WantedDisk>, store: &Store, progress: &dyn Progress) -> Result<Self> {
        ensure!(
            wanted.len() <= MOST_DISKS,
            BadRequest::new(format!("a machine takes {MOST_DISKS} disks at most"))
        );
        let mut files = Vec::new();
        for disk in &wanted {
            let DiskContent::File { path, .. } = &disk.of else {
                continue;
            };
            let named = || format!("--disk {}", path.display());
            if !path.exists() {
                let missing = format!("{} is no file and no size: {HOW}", named());
                bail!(BadRequest::new(missing));
            }
            let file = fs::canonicalize(path).with_context(named)?;
            ensure!(
                !files.contains(&file),
                BadRequest::new(format!("{} is there twice: a disk is one file", named()))
            );
            files.push(file);
            open_regular(path).with_context(named)?;
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

    fn make(&self) -> Result<MadeDisks> {
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
                DiskContent::File {
                    path,
                    format,
                    writable,
                } => {
                    let named = || format!("--disk {}", path.display());
                    let mut start = Vec::new();
                    open_regular(path)
                        .and_then(|file| file.take(QCOW2_HEADER as u64).read_to_end(&mut start))
                        .with_context(named)?;
                    let format = match format {
                        Some(format) => *format,
                        None => DiskFormat::of(path, &start)?,
                    };
                    format.check(path, &start)?;
                    (path.clone(), format.name(), *writable)
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
        let file = |path: &str, format, writable| DiskContent::File {
            path: path.into(),
            format,
            writable,
        };
        assert_eq!(of("./disk.qcow2"), file("./disk.qcow2", None, false));
        assert_eq!(of("./disk:rw"), file("./disk", None, true));
        let (raw, qcow2) = (Some(DiskFormat::Raw), Some(DiskFormat::Qcow2));
        assert_eq!(of("./a:b:rw:raw"), file("./a:b", raw, true));
        assert_eq!(of("./a:qcow2:rw"), file("./a", qcow2, true));
        assert_eq!(of("./named:rw:ro"), file("./named:rw", None, false));
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
        let texts = ["1M", "data=2G:ext4", "/a b:qcow2:rw", "x=./y"];
        let wanted: Vec<WantedDisk> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let words = named_disks(&wanted);
        assert_eq!(
            words[..3],
            ["disk1=1M", "data=2048M:ext4", "disk3=/a b:qcow2:rw"]
        );
        for (word, wanted) in words.iter().zip(&wanted).take(3) {
            assert_eq!(word.parse::<WantedDisk>().unwrap().of, wanted.of);
        }
        let refused = disks(&["1M", "disk1=1M"]).unwrap_err();
        assert!(refused.to_string().contains("two disks are called disk1"));
        let missing = disks(&["/no/such"]).unwrap_err().to_string();
        assert!(missing.contains("no file and no size"), "{missing}");
        let twice = disks(&["/etc/passwd", "a=/etc/../etc/passwd"]).unwrap_err();
        assert!(twice.to_string().contains("twice"));
        let many = disks(&["1M"; MOST_DISKS + 1]).unwrap_err();
        assert!(many.to_string().contains("24 disks"));
    }

    /// A qcow2 of the third version that leads to no other file.
    fn qcow2() -> Vec<u8> {
        let mut header = vec![0; QCOW2_HEADER];
        header[..4].copy_from_slice(&QCOW2);
        header[7] = 3;
        header
    }

    #[test]
    fn the_content_of_a_file_does_not_make_it_a_qcow2() {
        let of = |path: &str, start: &[u8]| DiskFormat::of(Path::new(path), start);
        let start = qcow2();
        assert_eq!(of("./disk.raw", &start).unwrap(), DiskFormat::Raw);
        assert_eq!(of("./disk.qcow2", &start).unwrap(), DiskFormat::Qcow2);
        assert_eq!(of("./disk.img", b"").unwrap(), DiskFormat::Raw);
        let doubt = of("./disk.img", &start).unwrap_err().to_string();
        assert!(doubt.contains("./disk.img:raw"), "{doubt}");
    }

    #[test]
    fn a_qcow2_leads_to_no_other_file() {
        let check = |format: DiskFormat, start: &[u8]| format.check(Path::new("d"), start);
        let (mut backed, mut outside) = (qcow2(), qcow2());
        backed[15] = 104;
        outside[79] = 0b100;
        check(DiskFormat::Qcow2, &qcow2()).unwrap();
        for leads in [&backed, &outside] {
            let refused = check(DiskFormat::Qcow2, leads).unwrap_err().to_string();
            assert!(refused.contains("qemu-img convert"), "{refused}");
            check(DiskFormat::Raw, leads).unwrap();
        }
        // The second version has its tables where the third has its features.
        let mut second = qcow2();
        (second[7], second[79]) = (2, 0b100);
        check(DiskFormat::Qcow2, &second).unwrap();
    }
}
