//! The archive a kernel unpacks before it runs `/init`. May use: files.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use cpio::newc::{Builder, ModeFileType, trailer};

use crate::files::{open_regular, write_whole_with};

/// The most bytes that are copied at a time.
const PART: usize = 64 << 10;

/// A cpio archive of format "newc", uncompressed, which every kernel unpacks
/// (Documentation/driver-api/early-userspace/buffer-format.rst).
///
/// Entries are written in the order they were added, and a kernel makes no
/// parent directories: add those first. The same entries give the same bytes.
/// Such archives may be written one after another into one file.
#[derive(Clone, Debug, Default)]
pub struct Initramfs {
    entries: Vec<CpioEntry>,
}

#[derive(Clone, Debug)]
struct CpioEntry {
    name: String,
    mode: u32,
    /// A user and a group.
    owner: (u32, u32),
    kind: CpioKind,
}

#[derive(Clone, Debug)]
enum CpioKind {
    Directory,
    File(Content),
    Symlink(String),
    CharDevice(u32, u32),
    Fifo,
}

/// What is in a file: bytes at hand, or those of a file on this machine.
#[derive(Clone, Debug)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The bytes this file has when the archive is written.
    Path(PathBuf),
    /// Of this file those from this place on, so many.
    Part(Arc<File>, u64, u64),
}

impl Initramfs {
    /// An archive without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a directory.
    #[must_use]
    pub fn dir(self, path: &str, mode: u32) -> Self {
        self.with(path, mode, CpioKind::Directory)
    }

    /// Adds a regular file.
    #[must_use]
    pub fn file(self, path: &str, content: impl Into<Content>, mode: u32) -> Self {
        self.with(path, mode, CpioKind::File(content.into()))
    }

    /// Adds a symbolic link to `target`.
    #[must_use]
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.with(path, 0o777, CpioKind::Symlink(target.to_owned()))
    }

    /// Adds a character device; `/dev/console` is 5, 1.
    #[must_use]
    pub fn char_device(self, path: &str, major: u32, minor: u32, mode: u32) -> Self {
        self.with(path, mode, CpioKind::CharDevice(major, minor))
    }

    /// Adds a named pipe (fifo(7)).
    #[must_use]
    pub fn fifo(self, path: &str, mode: u32) -> Self {
        self.with(path, mode, CpioKind::Fifo)
    }

    fn with(mut self, path: &str, mode: u32, kind: CpioKind) -> Self {
        let name = path.trim_start_matches('/').to_owned();
        self.entries.push(CpioEntry {
            name,
            mode,
            owner: (0, 0),
            kind,
        });
        self
    }

    /// Makes the entry that was added last belong to this user and group; without it,
    /// one belongs to root.
    #[must_use]
    pub fn owned_by(mut self, owner: (u32, u32)) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.owner = owner;
        }
        self
    }

    /// Writes the archive to a file, which appears whole or not at all.
    ///
    /// # Errors
    /// Where a file to be packed cannot be read, or the archive not be written.
    pub fn write_to(&self, path: &Path) -> Result<()> {
        let written = write_whole_with(path, |file| -> Result<()> {
            let mut out = BufWriter::new(file);
            self.write(&mut out)?;
            Ok(out.flush()?)
        });
        written.with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// Where a file to be packed cannot be read, or the archive not be written.
    pub fn write(&self, mut out: impl Write) -> Result<()> {
        for (index, entry) in self.entries.iter().enumerate() {
            // Inode 0 means none; while nlink is 1 any other number will do.
            let inode = u32::try_from(index + 1).context("too many entries")?;
            entry
                .write(inode, &mut out)
                .with_context(|| format!("cannot pack /{}", entry.name))?;
        }
        trailer(&mut out).context("cannot end the initramfs")?;
        Ok(())
    }
}

impl CpioEntry {
    fn write(&self, inode: u32, out: &mut impl Write) -> Result<()> {
        let (user, group) = self.owner;
        let header = Builder::new(&self.name).ino(inode).mode(self.mode);
        let header = header.uid(user).gid(group);
        match &self.kind {
            CpioKind::Directory => pack(header, ModeFileType::Directory, b"", out),
            CpioKind::Symlink(target) => {
                pack(header, ModeFileType::Symlink, target.as_bytes(), out)
            }
            CpioKind::Fifo => pack(header, ModeFileType::Fifo, b"", out),
            CpioKind::CharDevice(major, minor) => {
                let header = header.rdev_major(*major).rdev_minor(*minor);
                pack(header, ModeFileType::Char, b"", out)
            }
            CpioKind::File(Content::Bytes(bytes)) => {
                pack(header, ModeFileType::Regular, bytes, out)
            }
            CpioKind::File(Content::Part(file, at, size)) => {
                let packed = u32::try_from(*size);
                let packed = packed.context("a file in a cpio archive has under 4 GiB")?;
                let header = header.set_mode_file_type(ModeFileType::Regular);
                let mut entry = header.write(out, packed);
                let mut buffer = vec![0; PART];
                let (mut at, end) = (*at, at + size);
                while at < end {
                    let most = usize::try_from(end - at).unwrap_or(PART).min(PART);
                    let part = &mut buffer[..most];
                    file.read_exact_at(part, at)?;
                    entry.write_all(part)?;
                    at += most as u64;
                }
                entry.finish()?;
                Ok(())
            }
            CpioKind::File(Content::Path(path)) => {
                let file = open_regular(path)
                    .with_context(|| format!("cannot open {}", path.display()))?;
                let size = file.metadata()?.len();
                let size =
                    u32::try_from(size).context("a file in a cpio archive has under 4 GiB")?;
                let header = header.set_mode_file_type(ModeFileType::Regular);
                let mut entry = header.write(out, size);
                io::copy(&mut BufReader::with_capacity(PART, file), &mut entry)
                    .with_context(|| format!("cannot copy {}", path.display()))?;
                // Fails if the file has become shorter meanwhile.
                entry.finish()?;
                Ok(())
            }
        }
    }
}

fn pack(header: Builder, kind: ModeFileType, bytes: &[u8], out: &mut impl Write) -> Result<()> {
    let size = u32::try_from(bytes.len()).context("a file in a cpio archive has under 4 GiB")?;
    let mut entry = header.set_mode_file_type(kind).write(out, size);
    entry.write_all(bytes)?;
    entry.finish()?;
    Ok(())
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

impl From<PathBuf> for Content {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&Path> for Content {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;

    use cpio::newc::Reader;

    use super::*;

    fn sample(init: &Path) -> Initramfs {
        Initramfs::new()
            .dir("/dev", 0o755)
            .char_device("/dev/console", 5, 1, 0o600)
            .file("/init", init, 0o755)
            .file("/etc", "hello", 0o644)
            .symlink("/sbin", "/dev")
    }

    #[test]
    fn a_reader_finds_what_was_packed() {
        let dir = tempfile::tempdir().unwrap();
        let init = dir.path().join("init");
        fs::write(&init, b"\x7fELF!").unwrap();
        let path = dir.path().join("initramfs.cpio");
        sample(&init).write_to(&path).unwrap();

        let bytes = fs::read(&path).unwrap();
        let mut rest: &[u8] = &bytes;
        let mut found = Vec::new();
        loop {
            let mut reader = Reader::new(rest).unwrap();
            let entry = reader.entry();
            if entry.is_trailer() {
                break;
            }
            assert_eq!((entry.mtime(), entry.uid(), entry.nlink()), (0, 0, 1));
            let head = (
                entry.ino(),
                entry.name().to_owned(),
                entry.mode(),
                (entry.rdev_major(), entry.rdev_minor()),
            );
            let mut content = String::new();
            reader.read_to_string(&mut content).unwrap();
            found.push((head, content));
            rest = reader.finish().unwrap();
        }
        let expected = [
            (1, "dev", 0o040_755, (0, 0), ""),
            (2, "dev/console", 0o020_600, (5, 1), ""),
            (3, "init", 0o100_755, (0, 0), "\x7fELF!"),
            (4, "etc", 0o100_644, (0, 0), "hello"),
            (5, "sbin", 0o120_777, (0, 0), "/dev"),
        ]
        .map(|(ino, name, mode, rdev, content)| {
            ((ino, name.to_owned(), mode, rdev), content.to_owned())
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn the_same_entries_give_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let init = dir.path().join("init");
        fs::write(&init, "one").unwrap();
        let bytes = || {
            let mut bytes = Vec::new();
            sample(&init).write(&mut bytes).unwrap();
            bytes
        };
        let first = bytes();
        // The file's own time is not packed.
        fs::write(&init, "one").unwrap();
        assert_eq!(first, bytes());
        fs::write(&init, "two").unwrap();
        assert_ne!(first, bytes());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = sample(Path::new("/nowhere/init"))
            .write(io::sink())
            .unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("/init") && text.contains("/nowhere/init"),
            "{text}"
        );
    }
}
