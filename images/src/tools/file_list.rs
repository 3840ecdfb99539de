//! The files of a tool: the list of them, and whether they are unchanged.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::files::hash::{Hasher, has_hash};
use crate::files::read::{if_there, read_text};
use crate::files::verified::VerifiedFiles;
use crate::messages::error::{Attempt, ObtainError};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A file.
    File {
        executable: bool,
        size: u64,
        sha256: String,
    },
    /// A link to another name in the same directory.
    Link(String),
}

/// The files of a tool, by path from its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileList(pub(crate) BTreeMap<String, FileKind>);

impl FileList {
    /// A line each, with tabs in between; no path has one.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (path, kind) in &self.0 {
            let _ = match kind {
                FileKind::Link(target) => writeln!(text, "link\t{target}\t-\t{path}"),
                FileKind::File {
                    executable,
                    size,
                    sha256,
                } => {
                    let word = if *executable { "program" } else { "file" };
                    writeln!(text, "{word}\t{sha256}\t{size}\t{path}")
                }
            };
        }
        text
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let entry = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [word, what, size, path] = fields[..] else {
                return None;
            };
            let kind = match word {
                "link" => FileKind::Link(what.to_owned()),
                "file" | "program" => FileKind::File {
                    executable: word == "program",
                    size: size.parse().ok()?,
                    sha256: what.to_owned(),
                },
                _ => return None,
            };
            Some((path.to_owned(), kind))
        };
        text.lines().map(entry).collect::<Option<_>>().map(Self)
    }

    pub(crate) fn sha256(&self) -> String {
        Hasher::of(self.text().as_bytes())
    }

    /// The paths of all files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &String> {
        let files = self.0.iter();
        let files = files.filter(|(_, kind)| matches!(kind, FileKind::File { .. }));
        files.map(|(path, _)| path)
    }

    /// Bytes of all files.
    pub(crate) fn size(&self) -> u64 {
        let sizes = self.0.values().map(|kind| match kind {
            FileKind::File { size, .. } => *size,
            FileKind::Link(_) => 0,
        });
        sizes.sum()
    }

    /// The file that a path leads to.
    pub(crate) fn resolve<'a>(&'a self, path: &'a str) -> Option<&'a str> {
        let mut path = self.0.get_key_value(path)?.0;
        // No more than there are in Debian: a link to a link to a file.
        for _ in 0..4 {
            match &self.0[path] {
                FileKind::File { .. } => return Some(path),
                FileKind::Link(target) => {
                    let (dir, _) = path.rsplit_once('/').unwrap_or_default();
                    path = self.0.get_key_value(&format!("{dir}/{target}"))?.0;
                }
            }
        }
        None
    }

    /// What is wrong with the files below a directory, if anything is.
    fn problem(
        &self,
        root: &Path,
        verified: &VerifiedFiles,
    ) -> Result<Option<String>, ObtainError> {
        let mut there = BTreeMap::new();
        let walked = if_there(walk(root, "", &mut there));
        if reading(root, walked)?.is_none() {
            return Ok(Some(format!("{} is no directory", root.display())));
        }
        if let Some(path) = there.keys().find(|path| !self.0.contains_key(*path)) {
            return Ok(Some(format!("{path} was added")));
        }
        let mut files: Vec<(PathBuf, &String, &FileKind)> = Vec::new();
        for (path, kind) in &self.0 {
            let Some(found) = there.get(path) else {
                return Ok(Some(format!("{path} is missing")));
            };
            match (kind, found) {
                (FileKind::File { .. }, OnDisk::File) => files.push((root.join(path), path, kind)),
                (FileKind::Link(target), OnDisk::Link(found)) if target == found => {}
                _ => return Ok(Some(format!("{path} is another thing than it was"))),
            }
        }
        let mut altered = None;
        let paths: Vec<&Path> = files.iter().map(|(file, ..)| file.as_path()).collect();
        verified.are_intact(&self.sha256(), &paths, || {
            for (file, path, kind) in &files {
                if !reading(file, is_it(file, kind))? {
                    altered = Some(format!("{path} was altered"));
                    break;
                }
            }
            Ok::<_, ObtainError>(altered.is_none())
        })?;
        Ok(altered)
    }
}

/// What is wrong with the tool in a directory, if anything is. An error says that it
/// cannot be read, and may be intact.
pub(crate) fn problem(dir: &Path, verified: &VerifiedFiles) -> Result<Option<String>, ObtainError> {
    let list = dir.join("files");
    let Some(text) = reading(&list, if_there(read_text(&list)))? else {
        return Ok(Some("there is no list of its files".to_owned()));
    };
    if !dir.ends_with(Hasher::of(text.as_bytes())) {
        return Ok(Some("the list of its files was altered".to_owned()));
    }
    match FileList::parse(&text) {
        Some(list) => list.problem(&dir.join("root"), verified),
        None => Ok(Some("the list of its files is malformed".to_owned())),
    }
}

fn reading<T>(path: &Path, read: io::Result<T>) -> Result<T, ObtainError> {
    read.attempt(|| format!("read {}", path.display()))
}

fn is_it(file: &Path, kind: &FileKind) -> io::Result<bool> {
    let FileKind::File {
        executable,
        size,
        sha256,
    } = kind
    else {
        return Ok(false);
    };
    let mode = fs::metadata(file)?.permissions().mode();
    Ok((mode & 0o111 != 0) == *executable && has_hash(file, *size, sha256)?)
}

enum OnDisk {
    File,
    Link(String),
    Other,
}

/// All but directories below a directory, by path from the root.
fn walk(dir: &Path, prefix: &str, found: &mut BTreeMap<String, OnDisk>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found)?;
            continue;
        }
        let what = match (kind.is_file(), kind.is_symlink()) {
            (true, _) => OnDisk::File,
            (_, true) => OnDisk::Link(fs::read_link(entry.path())?.to_string_lossy().into_owned()),
            _ => OnDisk::Other,
        };
        found.insert(path, what);
    }
    Ok(())
}
