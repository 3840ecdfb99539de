//! Files that a machine may have of an earlier program.

use serde::{Deserialize, Serialize};

/// A file that is empty in a delivered archive: the machine has its content, or asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFile {
    /// Its name in the archive.
    pub name: String,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub content: String,
    /// The length of its content, in bytes.
    pub bytes: u64,
}
