//! RPM packages: their headers, who signed them, and what is in them; and repositories
//! that list them. May use: debian (its keyring), package, files.
//!
//! An RPM is a lead, a header with signatures, a header that describes the package, and
//! a compressed cpio archive. What the second header says counts only once a signature
//! over exactly its bytes was verified.

mod cpio;
mod header;
pub(crate) mod repository;
pub(crate) mod rpm_version;
mod signature;
mod xml;

pub use signature::RpmSigner;

use std::path::Path;

use std::io::Read;

use header::RpmHeader;

use crate::files::hash::Hasher;
use crate::files::open_regular;
use crate::files::read::Limited;
use crate::package::{PackageError, Visit, malformed, unpack};

/// How an RPM begins.
pub(crate) const MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
/// A lead, of which nothing but its magic counts any more.
const LEAD: usize = 96;
/// The largest packages of kernels have some 110 MB; one that was built with debug
/// information, more.
const MAX_RPM: u64 = 1 << 30;
/// The number of SHA-256 in OpenPGP, which RPM takes.
const SHA256: usize = 8;

/// Tags of the header that describes a package.
mod tag {
    pub(super) const NAME: u32 = 1000;
    pub(super) const VERSION: u32 = 1001;
    pub(super) const RELEASE: u32 = 1002;
    pub(super) const ARCH: u32 = 1022;
    pub(super) const PAYLOAD_FORMAT: u32 = 1124;
    pub(super) const PAYLOAD_COMPRESSOR: u32 = 1125;
    pub(super) const PAYLOAD_DIGEST: u32 = 5092;
    pub(super) const PAYLOAD_DIGEST_ALGORITHM: u32 = 5093;
}

/// Which package it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpmIdentity {
    /// Such as `kernel-core`.
    pub name: String,
    /// Such as `5.14.0`.
    pub version: String,
    /// Such as `427.31.1.el9_4`.
    pub release: String,
    /// Such as `x86_64`.
    pub arch: String,
}

impl std::fmt::Display for RpmIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}-{}-{}.{}",
            self.name, self.version, self.release, self.arch
        )
    }
}

/// An RPM package, taken apart.
#[derive(Debug)]
pub struct RpmPackage<'a> {
    signatures: RpmHeader<'a>,
    header: RpmHeader<'a>,
    payload: &'a [u8],
}

impl<'a> RpmPackage<'a> {
    /// Takes the bytes of a package apart. Nothing is verified yet.
    ///
    /// # Errors
    /// If they are no RPM.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        if !bytes.starts_with(&MAGIC) {
            return Err("it does not begin as an RPM does".to_owned());
        }
        let after_lead = bytes.get(LEAD..).ok_or("it ends within its lead")?;
        let (signatures, rest) = RpmHeader::parse(after_lead)?;
        // The second header begins at a multiple of eight.
        let length = signatures.bytes.len();
        let padding = length.next_multiple_of(8) - length;
        let rest = rest.get(padding..).ok_or("it ends before its header")?;
        let (header, payload) = RpmHeader::parse(rest)?;
        Ok(Self {
            signatures,
            header,
            payload,
        })
    }

    /// Which package its header says it is.
    ///
    /// # Errors
    /// If the header does not say.
    pub fn identity(&self) -> Result<RpmIdentity, String> {
        let text = |tag, what| {
            let text = self.header.text(tag).filter(|text| !text.is_empty());
            text.map(str::to_owned)
                .ok_or_else(|| format!("its header has no {what}"))
        };
        Ok(RpmIdentity {
            name: text(tag::NAME, "name")?,
            version: text(tag::VERSION, "version")?,
            release: text(tag::RELEASE, "release")?,
            arch: text(tag::ARCH, "architecture")?,
        })
    }

    /// Whether the payload is the one that the header describes; none if the header does
    /// not say, as before RPM 4.14.
    fn payload_matches(&self) -> Option<bool> {
        let algorithm = self.header.number(tag::PAYLOAD_DIGEST_ALGORITHM);
        let digest = self.header.text(tag::PAYLOAD_DIGEST)?;
        if algorithm != Some(SHA256) {
            return None;
        }
        Some(digest.eq_ignore_ascii_case(&Hasher::of(self.payload)))
    }

    /// Visits the files of the package, which unpack to no more than `limit` bytes.
    pub(crate) fn each(&self, limit: u64, visit: Visit<'_>) -> Result<(), PackageError> {
        if self.payload_matches() == Some(false) {
            return Err(malformed(
                "its payload is not the one that its header describes",
            ));
        }
        let format = self.header.text(tag::PAYLOAD_FORMAT).unwrap_or("cpio");
        if format != "cpio" {
            return Err(malformed(format!("its payload is {format}, and not cpio")));
        }
        let compressor = self.header.text(tag::PAYLOAD_COMPRESSOR).unwrap_or("gzip");
        if !["gzip", "xz", "zstd", "identity"].contains(&compressor) {
            let why = format!("its payload is compressed by {compressor}, which is not read here");
            return Err(malformed(why));
        }
        cpio::each(unpack(self.payload)?, limit, visit)
    }
}

/// The bytes of a package.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, PackageError> {
    let file = open_regular(path).map_err(malformed)?;
    let mut bytes = Vec::new();
    let read = Limited::new(file, MAX_RPM).read_to_end(&mut bytes);
    read.map_err(|_| malformed("an RPM of over 1 GiB"))?;
    Ok(bytes)
}
