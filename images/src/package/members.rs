//! The files of a package, one after another, as they are read.

use std::io::Read;
use std::ops::ControlFlow;

use super::{PackageError, malformed};

/// Whether further members are looked at.
pub(crate) type Next = Result<ControlFlow<()>, PackageError>;

/// What is done with each member.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&mut PackageMember<'_>) -> Next;

/// A file of a package.
pub(crate) struct PackageMember<'a> {
    /// Its path, as the package has it; without what a terminal would obey, for errors name
    /// it.
    pub(crate) path: String,
    pub(crate) kind: MemberKind,
    /// Bytes of its content.
    pub(crate) size: u64,
    pub(crate) content: &'a mut dyn Read,
}

/// The kind of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    /// A regular file.
    File,
    /// Anything else, in words.
    Other(String),
}

impl PackageMember<'_> {
    /// The parts of its path below the root, and whether it leads out of the package.
    pub(crate) fn parts(&self) -> (Vec<&str>, bool) {
        let astray = self.path.starts_with('/') || self.path.split('/').any(|part| part == "..");
        let parts = self.path.split('/');
        let parts = parts.filter(|part| !["", ".", ".."].contains(part));
        (parts.collect(), astray)
    }

    /// Its bytes, of a member that must be a regular file; `what` is what has no more of
    /// them than `limit`.
    pub(crate) fn read(&mut self, limit: u64, what: &str) -> Result<Vec<u8>, PackageError> {
        let (path, size) = (&self.path, self.size);
        if let MemberKind::Other(kind) = &self.kind {
            let why = format!("{path} is a link or a special file ({kind})");
            return Err(malformed(why));
        }
        if size > limit {
            let why = format!("{path} of {size} bytes, more than {what} has");
            return Err(malformed(why));
        }
        let mut bytes = Vec::new();
        self.content
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(malformed)?;
        // A reader may take the end of the archive for the end of the file.
        if bytes.len() as u64 != size {
            let there = bytes.len();
            return Err(malformed(format!(
                "{path} ends after {there} of {size} bytes"
            )));
        }
        Ok(bytes)
    }
}
