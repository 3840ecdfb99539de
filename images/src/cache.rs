//! Images that were verified before.

use std::path::PathBuf;

use jiff::Timestamp;

/// An image in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// Where the image is.
    pub path: PathBuf,
    /// Its Debian version.
    pub debian_version: String,
    /// The package it is from.
    pub package: String,
    /// Where that came from, for people.
    pub source: String,
    /// Bytes of the image.
    pub size: u64,
    /// When it was obtained.
    pub obtained: Timestamp,
}
