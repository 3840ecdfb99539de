//! RPM packages, signed as vendors sign them, or as they never would.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tar::EntryType;

use crate::key::SigningKey;
use crate::package::{Compression, TestPackage, gzip, xz};

/// A package to be, with the files of a [`TestPackage`], whose version is
/// `VERSION-RELEASE`.
#[derive(Clone, Debug)]
pub struct TestRpm {
    files: TestPackage,
    arch: String,
    compressor: String,
    of_2011: bool,
    tags: Tags,
}

/// What the headers have: of a tag its type, how many values, and their bytes.
type Tags = Vec<(u32, u32, u32, Vec<u8>)>;

const STRING: u32 = 6;
const STRINGS: u32 = 8;
const NUMBER: u32 = 4;
const BYTES: u32 = 7;

impl TestRpm {
    /// A package for `x86_64`, as of today: its header has a digest of its payload.
    #[must_use]
    pub fn new(files: TestPackage) -> Self {
        Self {
            compressor: match files.compression {
                Compression::None => "identity",
                Compression::Gzip => "gzip",
                Compression::Xz => "xz",
                Compression::Zstd => "zstd",
            }
            .to_owned(),
            files,
            arch: "x86_64".to_owned(),
            of_2011: false,
            tags: Vec::new(),
        }
    }

    /// A package as of 2011, without that digest: one signature is over header and payload,
    /// and signatures are OpenPGP's version 3.
    #[must_use]
    pub fn of_2011(mut self) -> Self {
        self.of_2011 = true;
        self
    }

    /// Sets the architecture.
    #[must_use]
    pub fn arch(mut self, arch: &str) -> Self {
        arch.clone_into(&mut self.arch);
        self
    }

    /// Says in the header that the payload is compressed by this.
    #[must_use]
    pub fn compressor(mut self, name: &str) -> Self {
        name.clone_into(&mut self.compressor);
        self
    }

    /// Adds a signature that is made elsewhere: of this tag, these bytes.
    #[must_use]
    pub fn signature(mut self, tag: u32, bytes: &[u8]) -> Self {
        let count = bytes.len().try_into().expect("a short signature");
        self.tags.push((tag, BYTES, count, bytes.to_vec()));
        self
    }

    /// Adds one as of RPM 6.
    #[must_use]
    pub fn in_base64(mut self, bytes: &[u8]) -> Self {
        let text = BASE64_STANDARD.encode(bytes) + "\0";
        self.tags.push((278, STRINGS, 1, text.into_bytes()));
        self
    }

    /// Its name, version with release, and architecture.
    pub(crate) fn identity(&self) -> (&str, &str, &str) {
        (&self.files.name, &self.files.version, &self.arch)
    }

    /// The header that describes the package, as it is signed.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let (version, release) = self.files.version.split_once('-').expect("a release");
        let text = |tag, text: &str| (tag, STRING, 1, [text.as_bytes(), b"\0"].concat());
        let mut tags = vec![
            text(1000, &self.files.name),
            text(1001, version),
            text(1002, release),
            text(1022, &self.arch),
            text(1124, "cpio"),
            text(1125, &self.compressor),
        ];
        if !self.of_2011 {
            let digest = Sha256::digest(self.payload());
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            tags.push((5092, STRINGS, 1, [digest.as_bytes(), b"\0"].concat()));
            tags.push((5093, NUMBER, 1, 8_u32.to_be_bytes().to_vec()));
        }
        header(&tags)
    }

    /// The compressed archive.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let cpio = self.cpio();
        match self.files.compression {
            Compression::None => cpio,
            Compression::Gzip => gzip(&cpio),
            Compression::Xz => xz(&cpio),
            Compression::Zstd => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                ruzstd::encoding::compress_to_vec(cpio.as_slice(), level)
            }
        }
    }

    /// Signs it, with what was usual then.
    #[must_use]
    pub fn signed(self, key: &SigningKey, at: Timestamp) -> Self {
        let header = self.header();
        if !self.of_2011 {
            return self.signature(268, &key.sign_packet(&header, at));
        }
        let whole = [header.clone(), self.payload()].concat();
        self.signature(268, &key.sign_packet_v3(&header, at))
            .signature(1002, &key.sign_packet_v3(&whole, at))
    }

    /// The bytes of the `.rpm`.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        // A lead: magic, version 3.0, binary, and the kind of signatures, 5.
        let mut rpm = vec![0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0, 0, 1];
        rpm.resize(78, 0);
        rpm.extend([0, 5]);
        rpm.resize(96, 0);
        let size = self.header().len() + self.payload().len();
        let size = u32::try_from(size).expect("a small package");
        let mut tags = vec![(1000, NUMBER, 1, size.to_be_bytes().to_vec())];
        tags.extend(self.tags.iter().cloned());
        let signatures = header(&tags);
        let padding = signatures.len().next_multiple_of(8) - signatures.len();
        rpm.extend(signatures);
        rpm.extend(vec![0; padding]);
        rpm.extend(self.header());
        rpm.extend(self.payload());
        rpm
    }

    fn cpio(&self) -> Vec<u8> {
        let mut cpio = Vec::new();
        for member in &self.files.members {
            let kind = match member.kind {
                EntryType::Regular => 0o100_000,
                EntryType::Symlink => 0o120_000,
                EntryType::Fifo => 0o010_000,
                EntryType::Directory => 0o040_000,
                EntryType::Char => 0o020_000,
                _ => 0o060_000,
            };
            let size = member.claimed.unwrap_or(member.content.len() as u64);
            entry(&mut cpio, &member.path, kind | member.mode, size);
            cpio.extend(&member.content);
            cpio.resize(cpio.len().next_multiple_of(4), 0);
        }
        entry(&mut cpio, "TRAILER!!!", 0, 0);
        cpio
    }
}

/// The header of a file in a cpio archive (cpio(5), "New ASCII Format").
fn entry(cpio: &mut Vec<u8>, path: &str, mode: u32, size: u64) {
    cpio.extend(b"070701");
    let name = path.len() as u64 + 1;
    for field in [1, mode.into(), 0, 0, 1, 0, size, 0, 0, 0, 0, name, 0] {
        cpio.extend(format!("{field:08x}").bytes());
    }
    cpio.extend(path.as_bytes());
    cpio.push(0);
    cpio.resize(cpio.len().next_multiple_of(4), 0);
}

fn header(tags: &Tags) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, kind, count, bytes) in tags {
        if *kind == NUMBER {
            store.resize(store.len().next_multiple_of(4), 0);
        }
        let at = u32::try_from(store.len()).expect("a short header");
        index.extend([*tag, *kind, at, *count].map(u32::to_be_bytes).concat());
        store.extend(bytes);
    }
    let lengths = [tags.len(), store.len()];
    let lengths = lengths.map(|length| u32::try_from(length).expect("a short header"));
    let mut header = vec![0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];
    header.extend(lengths.map(u32::to_be_bytes).concat());
    header.extend(index);
    header.extend(store);
    header
}
