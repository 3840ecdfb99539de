//! SHA-256 of bytes and of files.

use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::files::read::{if_there, open_regular};

/// Size and hash of a file, as a signed file or a lock file states them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileSum {
    /// Path, relative to the release file or to the root of the archive.
    pub(crate) path: String,
    pub(crate) size: u64,
    /// In lower case hexadecimal digits.
    pub(crate) sha256: String,
}

impl FileSum {
    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether the file at `path` has this size and hash.
    pub(crate) fn matches(&self, path: &Path) -> io::Result<bool> {
        has_hash(path, self.size, &self.sha256)
    }
}

/// A SHA-256 in hexadecimal digits, which become lower case.
pub(crate) fn parse_sha256(text: &str) -> Option<String> {
    let well_formed = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    well_formed.then(|| text.to_ascii_lowercase())
}

/// Whether a file is there and has this size and hash.
pub(crate) fn has_hash(path: &Path, size: u64, sha256: &str) -> io::Result<bool> {
    let found = if_there(Hasher::of_file(path))?;
    Ok(found.is_some_and(|(found, hash)| found == size && hash == sha256))
}

/// SHA-256, in lower case hexadecimal digits.
#[derive(Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> String {
        Self(Sha256::new_with_prefix(bytes)).finish()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The size of a file in bytes, and its hash.
    pub(crate) fn of_file(path: &Path) -> io::Result<(u64, String)> {
        let mut hasher = Self::default();
        let size = io::copy(&mut open_regular(path)?, &mut hasher)?;
        Ok((size, hasher.finish()))
    }

    /// The hash of all that was taken.
    #[must_use]
    pub fn finish(self) -> String {
        let digits = self.0.finalize();
        digits.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_in_lower_case_digits() {
        assert_eq!(
            Hasher::of(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
