//! A root file system in a file: a tar archive, or the directory of an OCI image. May use:
//! package, files.
//!
//! Neither is trusted: all sizes have limits, and no path in them names a file of this
//! machine.

mod layer;
mod oci;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::files::open_regular;
use crate::package::unpack;

/// What an image that `docker save` writes has at its top, beside `manifest.json`.
const SAVED: [&str; 3] = ["/index.json", "/oci-layout", "/repositories"];

/// The files of a root, by their absolute paths; a directory comes before what is in it.
#[derive(Debug)]
pub struct RootFiles {
    entries: BTreeMap<PathBuf, RootEntry>,
    /// The bytes of all files, in a file without a name.
    content: Arc<File>,
    /// Where the next file begins.
    end: u64,
    left_out: Vec<PathBuf>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootEntry {
    /// Its permissions.
    pub mode: u32,
    /// Its user and group.
    pub owner: (u32, u32),
    /// What it is.
    pub kind: RootKind,
}

/// What a file of a root is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootKind {
    /// A directory.
    Directory,
    /// A symbolic link, with its target.
    Link(String),
    /// A named pipe.
    Fifo,
    /// A regular file: where in [`RootFiles::content`] it begins, and its size.
    File {
        /// In bytes.
        at: u64,
        /// In bytes.
        size: u64,
    },
}

impl RootFiles {
    /// Whether a path is of a file or directory that is read here.
    #[must_use]
    pub fn are_at(path: &Path) -> bool {
        path.is_file() || path.join(oci::MARK).is_file()
    }

    /// Reads a tar archive, compressed by gzip, xz or zstd or not, or the directory of an
    /// OCI image.
    ///
    /// # Errors
    /// If it is neither, or not as it should be.
    pub fn at(path: &Path) -> io::Result<Self> {
        let mut files = Self {
            entries: BTreeMap::new(),
            content: Arc::new(tempfile::tempfile()?),
            end: 0,
            left_out: Vec::new(),
        };
        if path.is_dir() {
            oci::read(path, &mut files)?;
        } else {
            let data = unpack(BufReader::new(open_regular(path)?))?;
            layer::apply(data, false, &mut files)?;
            let has = |name: &str| files.entries.contains_key(Path::new(name));
            if has("/manifest.json") && SAVED.into_iter().any(has) {
                let why = "it is an image as `docker save` writes it: name what `docker export` \
                           writes of a container, or unpack it, where it is an OCI layout, and \
                           name that directory";
                return Err(io::Error::other(why));
            }
        }
        match files.entries.is_empty() {
            true => Err(io::Error::other("there is no file in it")),
            false => Ok(files),
        }
    }

    /// All of them, in the order of their paths.
    pub fn entries(&self) -> impl Iterator<Item = (&Path, &RootEntry)> {
        let entries = self.entries.iter();
        entries.map(|(path, entry)| (path.as_path(), entry))
    }

    /// The bytes of all files.
    #[must_use]
    pub fn content(&self) -> Arc<File> {
        Arc::clone(&self.content)
    }

    /// Devices, which are not taken.
    #[must_use]
    pub fn left_out(&self) -> &[PathBuf] {
        &self.left_out
    }
}
