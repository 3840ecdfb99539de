//! The files of a tool: the list of them, and whether they are still that.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::hash::Hasher;
use crate::memory::Memory;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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
pub(crate) struct List(pub(crate) BTreeMap<String, Kind>);

impl List {
    /// A line each, with tabs in between; no path has one.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (path, kind) in &self.0 {
            let _ = match kind {
                Kind::Link(target) => writeln!(text, "link\t{target}\t-\t{path}"),
                Kind::File {
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
        let mut list = Self::default();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [word, what, size, path] = fields[..] else {
                return None;
            };
            let kind = match word {
                "link" => Kind::Link(what.to_owned()),
                "file" | "program" => Kind::File {
                    executable: word == "program",
                    size: size.parse().ok()?,
                    sha256: what.to_owned(),
                },
                _ => return None,
            };
            list.0.insert(path.to_owned(), kind);
        }
        Some(list)
    }

    pub(crate) fn sha256(&self) -> String {
        Hasher::of(self.text().as_bytes())
    }

    /// Bytes of all files.
    pub(crate) fn size(&self) -> u64 {
        let sizes = self.0.values().map(|kind| match kind {
            Kind::File { size, .. } => *size,
            Kind::Link(_) => 0,
        });
        sizes.sum()
    }

    /// The file that a path leads to.
    pub(crate) fn resolve<'a>(&'a self, path: &'a str) -> Option<&'a str> {
        let mut path = self.0.get_key_value(path)?.0;
        // No more than there are in Debian: a link to a link to a file.
        for _ in 0..4 {
            match &self.0[path] {
                Kind::File { .. } => return Some(path),
                Kind::Link(target) => {
                    let (dir, _) = path.rsplit_once('/').unwrap_or_default();
                    path = self.0.get_key_value(&format!("{dir}/{target}"))?.0;
                }
            }
        }
        None
    }

    /// What is wrong with the files below a directory, if anything is.
    fn problem(&self, root: &Path, memory: &Memory) -> Option<String> {
        let mut there = BTreeMap::new();
        if let Err(error) = walk(root, "", &mut there) {
            return Some(format!("{}: {error}", root.display()));
        }
        for path in there.keys() {
            if !self.0.contains_key(path) {
                return Some(format!("{path} was added"));
            }
        }
        let mut files: Vec<(PathBuf, &String, &Kind)> = Vec::new();
        for (path, kind) in &self.0 {
            let Some(found) = there.get(path) else {
                return Some(format!("{path} is missing"));
            };
            match (kind, found) {
                (Kind::File { .. }, Found::File) => files.push((root.join(path), path, kind)),
                (Kind::Link(target), Found::Link(found)) if target == found => {}
                _ => return Some(format!("{path} is another thing than it was")),
            }
        }
        let mut altered = None;
        let paths: Vec<&Path> = files.iter().map(|(file, ..)| file.as_path()).collect();
        memory.are_intact(&self.sha256(), &paths, || {
            let mut wrong = files.iter().filter(|(file, _, kind)| !is_it(file, kind));
            altered = wrong
                .next()
                .map(|(_, path, _)| format!("{path} was altered"));
            altered.is_none()
        });
        altered
    }
}

/// What is wrong with the tool in a directory, if anything is.
pub(crate) fn problem(dir: &Path, memory: &Memory) -> Option<String> {
    let Ok(text) = fs::read_to_string(dir.join("files")) else {
        return Some("there is no list of its files".to_owned());
    };
    if !dir.ends_with(Hasher::of(text.as_bytes())) {
        return Some("the list of its files was altered".to_owned());
    }
    match List::parse(&text) {
        Some(list) => list.problem(&dir.join("root"), memory),
        None => Some("the list of its files is malformed".to_owned()),
    }
}

fn is_it(file: &Path, kind: &Kind) -> bool {
    let Kind::File {
        executable,
        size,
        sha256,
    } = kind
    else {
        return false;
    };
    let mode = fs::metadata(file).map(|about| about.permissions().mode());
    mode.is_ok_and(|mode| (mode & 0o111 != 0) == *executable)
        && Hasher::of_file(file).is_ok_and(|found| found == (*size, sha256.clone()))
}

enum Found {
    File,
    Link(String),
    Other,
}

/// All but directories below a directory, by path from the root.
fn walk(dir: &Path, prefix: &str, found: &mut BTreeMap<String, Found>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found)?;
            continue;
        }
        let what = match (kind.is_file(), kind.is_symlink()) {
            (true, _) => Found::File,
            (_, true) => Found::Link(fs::read_link(entry.path())?.to_string_lossy().into_owned()),
            _ => Found::Other,
        };
        found.insert(path, what);
    }
    Ok(())
}
