//! A tar archive, applied to what is there: a whole root, or a layer of an image.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tar::{Archive, EntryType, PaxExtensions};

use super::{RootEntry, RootFiles, RootKind};
use crate::files::read::Limited;
use crate::files::{names, walk};

/// All that is unpacked of one archive, with its headers; and all files of a root.
const MAX_UNPACKED: u64 = 8 << 30;
/// A distribution with all its packages has some hundred thousand.
const MAX_ENTRIES: usize = 1 << 20;
/// The longest path (`PATH_MAX`).
const MAX_NAME: u64 = 4096;
/// The most bytes of a header that extends another.
const MAX_EXTENSION: u64 = 1 << 20;
/// What the names of files begin with that take others away (OCI image specification,
/// "Whiteouts").
const WHITEOUT: &str = ".wh.";
/// The one that takes away all that lower layers have in a directory.
const OPAQUE: &str = ".wh..wh..opq";

/// Adds the files of an archive. In a layer, some take away what lower layers have.
pub(super) fn apply(data: impl Read, is_layer: bool, files: &mut RootFiles) -> io::Result<()> {
    let mut layer = Layer {
        files,
        own: BTreeSet::new(),
        is_layer,
    };
    let mut archive = Archive::new(Limited::new(data, MAX_UNPACKED));
    let mut more = Extension::default();
    // Raw: the reader would hold extensions of any length in memory.
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if more.take(kind, &mut entry)? {
            continue;
        }
        let more = std::mem::take(&mut more);
        let path = match more.path {
            Some(path) => path,
            None => text(&entry.path_bytes())?,
        };
        let target = match (more.target, entry.link_name_bytes()) {
            (Some(target), _) => target,
            (None, Some(target)) => text(&target)?,
            (None, None) => String::new(),
        };
        let header = entry.header();
        let number = |number: u64| u32::try_from(number).map_err(io::Error::other);
        let head = Head {
            kind,
            target,
            mode: header.mode()? & 0o7777,
            owner: (
                number(more.user.map_or_else(|| header.uid(), Ok)?)?,
                number(more.group.map_or_else(|| header.gid(), Ok)?)?,
            ),
            size: entry.size(),
        };
        if more.size.is_some_and(|size| size != head.size) {
            return Err(wrong(&path, "is of a size that is not read here"));
        }
        layer
            .add(&path, head, &mut entry)
            .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
    }
    Ok(())
}

/// What a header says of a file, besides its path.
struct Head {
    kind: EntryType,
    target: String,
    mode: u32,
    owner: (u32, u32),
    size: u64,
}

/// What headers before a file's own say of it.
#[derive(Default)]
struct Extension {
    path: Option<String>,
    target: Option<String>,
    user: Option<u64>,
    group: Option<u64>,
    size: Option<u64>,
}

impl Extension {
    /// Takes what a header says, if it is about the next file.
    fn take(&mut self, kind: EntryType, content: &mut impl Read) -> io::Result<bool> {
        let bytes = |content: &mut dyn Read, limit| {
            let mut bytes = Vec::new();
            Limited::new(content, limit).read_to_end(&mut bytes)?;
            Ok::<_, io::Error>(bytes)
        };
        if kind.is_gnu_longname() || kind.is_gnu_longlink() {
            // It ends with a zero.
            let name = bytes(content, MAX_NAME + 1)?;
            let name = Some(text(name.strip_suffix(b"\0").unwrap_or(&name))?);
            match kind.is_gnu_longname() {
                true => self.path = name,
                false => self.target = name,
            }
        } else if kind.is_pax_local_extensions() {
            let bytes = bytes(content, MAX_EXTENSION)?;
            for extension in PaxExtensions::new(&bytes) {
                let extension = extension?;
                let (key, value) = (extension.key(), extension.value());
                let key = key.map_err(io::Error::other)?;
                let value = || value.map_err(io::Error::other);
                let number = || value()?.parse().map(Some).map_err(io::Error::other);
                match key {
                    "path" => self.path = Some(text(value()?.as_bytes())?),
                    "linkpath" => self.target = Some(text(value()?.as_bytes())?),
                    "uid" => self.user = number()?,
                    "gid" => self.group = number()?,
                    "size" => self.size = number()?,
                    _ if key.starts_with("GNU.sparse.") => {
                        return Err(io::Error::other("sparse files are not read here"));
                    }
                    _ => {}
                }
            }
        } else {
            return Ok(kind.is_pax_global_extensions());
        }
        Ok(true)
    }
}

/// An archive that is applied.
struct Layer<'a> {
    files: &'a mut RootFiles,
    /// What it has brought itself.
    own: BTreeSet<PathBuf>,
    is_layer: bool,
}

impl Layer<'_> {
    fn add(&mut self, path: &str, head: Head, content: &mut impl Read) -> io::Result<()> {
        let path = self.place(&absolute(path)?)?;
        if self.files.entries.len() >= MAX_ENTRIES {
            let why = format!("it has over {MAX_ENTRIES} files");
            return Err(io::Error::other(why));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(hidden) = name.strip_prefix(WHITEOUT).filter(|_| self.is_layer) {
            let parent = path.parent().unwrap_or(Path::new("/"));
            if name == OPAQUE {
                self.remove(parent, false);
            } else if !hidden.starts_with(WHITEOUT) && !hidden.is_empty() && hidden != ".." {
                self.remove(&parent.join(hidden), true);
            }
            return Ok(());
        }
        let (mode, owner) = (head.mode, head.owner);
        let kind = match head.kind {
            EntryType::Directory => RootKind::Directory,
            EntryType::Symlink if !head.target.is_empty() => RootKind::Link(head.target),
            EntryType::Fifo => RootKind::Fifo,
            EntryType::Regular | EntryType::Continuous => self.keep(head.size, content)?,
            EntryType::Link => {
                let target = self.place(&absolute(&head.target)?)?;
                let linked = self.files.entries.get(&target).cloned();
                let linked = linked.filter(|linked| linked.kind != RootKind::Directory);
                let gone = || wrong(&head.target, "is linked and not there");
                self.insert(path, linked.ok_or_else(gone)?);
                return Ok(());
            }
            EntryType::Char | EntryType::Block => {
                self.files.left_out.push(path);
                return Ok(());
            }
            other => {
                let why = format!("a file of the kind {other:?} is not read here");
                return Err(io::Error::other(why));
            }
        };
        // The root itself is the guest's.
        if path != Path::new("/") {
            self.insert(path, RootEntry { mode, owner, kind });
        }
        Ok(())
    }

    fn insert(&mut self, path: PathBuf, entry: RootEntry) {
        if entry.kind != RootKind::Directory && self.files.entries.contains_key(&path) {
            self.own.retain(|own| !own.starts_with(&path));
            self.remove(&path, true);
        }
        self.own.insert(path.clone());
        self.files.entries.insert(path, entry);
    }

    /// Removes what is below a path, and what is there, unless this archive has brought it.
    fn remove(&mut self, path: &Path, itself: bool) {
        // Paths are ordered by their parts: what is below comes directly after.
        let below = self.files.entries.range(path.to_owned()..);
        let below = below.take_while(|(below, _)| below.starts_with(path));
        let gone: Vec<PathBuf> = below
            .map(|(below, _)| below.clone())
            .filter(|below| (itself || below != path) && !self.own.contains(below))
            .collect();
        for gone in gone {
            self.files.entries.remove(&gone);
        }
    }

    /// Keeps the bytes of a file.
    fn keep(&mut self, size: u64, content: &mut impl Read) -> io::Result<RootKind> {
        let at = self.files.end;
        // Layers together have no more than one archive may have.
        if at.saturating_add(size) > MAX_UNPACKED {
            let why = format!("all files together have over {} GiB", MAX_UNPACKED >> 30);
            return Err(io::Error::other(why));
        }
        // A reader may take the end of the archive for the end of the file.
        let kept = io::copy(&mut content.take(size), &mut &*self.files.content)?;
        if kept != size {
            let why = format!("it ends after {kept} of {size} bytes");
            return Err(io::Error::other(why));
        }
        (&*self.files.content).flush()?;
        self.files.end += size;
        Ok(RootKind::File { at, size })
    }

    /// Where a path leads, but for a link at its end: through links, none of which leads
    /// out of the root. Directories on the way that are not there are made.
    fn place(&mut self, path: &Path) -> io::Result<PathBuf> {
        let entries = &mut self.files.entries;
        let look = |here: &Path, is_last: bool| {
            if is_last {
                return Ok(None);
            }
            let made = RootEntry {
                mode: 0o755,
                owner: (0, 0),
                kind: RootKind::Directory,
            };
            match &entries.entry(here.to_owned()).or_insert(made).kind {
                RootKind::Directory => Ok(None),
                RootKind::Link(target) => Ok(Some(PathBuf::from(target))),
                _ => Err(wrong(&here.to_string_lossy(), "is no directory")),
            }
        };
        let endless = |link: &Path| wrong(&link.to_string_lossy(), "is a link without an end");
        walk(path, look, endless)
    }
}

/// A path in an archive, from the root. It does not lead upwards.
fn absolute(path: &str) -> io::Result<PathBuf> {
    let parts = names(Path::new(path));
    if parts.iter().any(|part| part == "..") {
        return Err(wrong(path, "leads out of the root"));
    }
    Ok(Path::new("/").join(parts.iter().collect::<PathBuf>()))
}

/// A path or a target of a link.
fn text(bytes: &[u8]) -> io::Result<String> {
    let text = String::from_utf8_lossy(bytes);
    if bytes.len() as u64 > MAX_NAME {
        return Err(io::Error::other("a path has over 4096 bytes"));
    }
    match text {
        std::borrow::Cow::Borrowed(text) if !text.contains('\0') => Ok(text.to_owned()),
        text => Err(wrong(
            &text.escape_debug().to_string(),
            "is no name in UTF-8",
        )),
    }
}

fn wrong(path: &str, what: &str) -> io::Error {
    io::Error::other(format!("{path} {what}"))
}
