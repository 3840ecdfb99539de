//! One source: its archives, its keys, and how it is read.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use guest::Version;
use serde::Deserialize;

use super::{VARIABLE, VendorKernel, checksums, key_rings, pacman, repomd};
use crate::debian::archive::Archives;
use crate::debian::evidence::{Evidence, vouched};
use crate::debian::keyring::{Keyring, Signer};
use crate::debian::packages::Package;
use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;
use crate::sources::apt::AptKind;
use crate::sources::checksums::ChecksumsKind;
use crate::sources::pacman::PacmanKind;
use crate::sources::repomd::RepomdKind;

/// Where one vendor publishes kernels.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) name: String,
    /// Base URLs.
    pub(crate) archives: Vec<String>,
    /// Fingerprints of those who may sign, in capital digits.
    pub(super) keys: BTreeSet<String>,
    /// Names of built-in key rings, or paths.
    pub(super) key_rings: Vec<String>,
    /// The day on which the live archive was last seen to answer as expected.
    seen: Option<String>,
    /// What its releases may be called for short, before their name: `el`, as in `el7`.
    pub(super) short: Option<String>,
    /// Whose claims hold of its kernels; none where they are as kernel.org's.
    lineage: Option<String>,
    pub(super) kind: SourceKind,
}

/// How an archive is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SourceKind {
    Apt(AptKind),
    Checksums(ChecksumsKind),
    Pacman(PacmanKind),
    Repomd(RepomdKind),
}

/// What a name of a source means.
pub(super) struct Meant {
    /// Of the kernel, as far as the name tells.
    pub(super) version: Option<Version>,
    /// Whether it may mean another tomorrow.
    pub(super) moves: bool,
    /// Whose claims hold of it, where that is known by the name.
    pub(super) lineage: Option<String>,
}

/// What a source has in answer to what was asked for, once signatures were checked.
#[derive(Debug)]
pub(crate) struct SourceOffer {
    /// The vendor's version of the kernel.
    pub(crate) version: String,
    pub(crate) image: Package,
    /// Those with its modules and its configuration.
    pub(crate) modules: Vec<Package>,
    /// Who signed the list of packages; none where the signature of a package counts.
    pub(crate) signer: Option<Signer>,
    pub(crate) evidence: Evidence,
}

/// The packages with modules; that of the image, where no others are.
pub(super) fn or_itself(modules: Vec<Package>, image: &Package) -> Vec<Package> {
    match modules.is_empty() {
        true => vec![image.clone()],
        false => modules,
    }
}

impl Source {
    pub(super) fn check(&self) -> Result<()> {
        let name = &self.name;
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ensure!(
            name.bytes().all(is_plain) && name.starts_with(|c: char| c.is_ascii_lowercase()),
            "{name:?} is no name of a source: small letters, digits and hyphens"
        );
        ensure!(
            name != "debian",
            "debian is not a source: its kernels are in kernels.toml"
        );
        ensure!(
            !self.archives.is_empty(),
            "the source {name} has no archive"
        );
        for archive in &self.archives {
            let is_url = ["http://", "https://", "file://"].map(|it| archive.starts_with(it));
            ensure!(
                is_url.contains(&true),
                "the source {name}: {archive:?} is no URL"
            );
        }
        for word in self.short.iter().chain(&self.lineage) {
            ensure!(
                !word.is_empty() && word.bytes().all(is_plain),
                "the source {name}: {word:?} is no word of small letters and digits"
            );
        }
        for key in &self.keys {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
            ensure!(
                key.len() == 40 && key.bytes().all(is_digit),
                "the source {name}: {key:?} is no fingerprint of 40 capital digits"
            );
        }
        match &self.kind {
            SourceKind::Apt(kind) => kind.check(),
            SourceKind::Checksums(_) | SourceKind::Pacman(_) => Ok(()),
            SourceKind::Repomd(kind) => kind.check(),
        }
        .with_context(|| format!("the source {name}"))
    }

    /// The kernel that is asked for; none where nothing is.
    pub(super) fn kernel(&self, wanted: &str) -> Option<VendorKernel> {
        let (wanted, meant) = match &self.kind {
            SourceKind::Apt(kind) => (wanted, kind.meant(wanted)?),
            SourceKind::Checksums(_) => (checksums::canonical(wanted), checksums::meant(wanted)?),
            SourceKind::Pacman(_) => (wanted, pacman::meant(wanted)?),
            SourceKind::Repomd(kind) => (wanted, kind.meant(wanted)?),
        };
        Some(VendorKernel {
            source: self.name.clone(),
            wanted: wanted.to_owned(),
            version: meant.version,
            moves: meant.moves,
            lineage: meant.lineage.or_else(|| self.lineage.clone()),
        })
    }

    /// The names that people may ask for.
    pub(super) fn names(&self) -> Vec<String> {
        let names = match &self.kind {
            SourceKind::Apt(kind) => kind.names(),
            SourceKind::Checksums(_) => vec!["VERSION".to_owned()],
            SourceKind::Pacman(_) => vec!["YEAR-MONTH-DAY".to_owned()],
            SourceKind::Repomd(kind) => kind.names(),
        };
        let names = names.iter().map(|name| format!("{}/{name}", self.name));
        names.collect()
    }

    pub(super) fn remark(&self) -> String {
        let seen = self.seen.is_none().then_some("unseen");
        let key = self.key_rings.is_empty().then_some("no key is committed");
        let remarks: Vec<&str> = seen.into_iter().chain(key).collect();
        remarks.join(", ")
    }

    /// The keys that may sign; the error says which are missing, and where to put them.
    pub(crate) fn keyring(&self) -> Result<Keyring, ObtainError> {
        let name = &self.name;
        if self.key_rings.is_empty() {
            let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
            return Err(ObtainError::unavailable(format!(
                "{name}: no key is committed: put the key {} into a file, and name that as \
                 key_rings of the source {name} in the file that {VARIABLE} names",
                keys.join(" or ")
            )));
        }
        let keyring = key_rings::open(&self.key_rings, &self.keys);
        keyring.map_err(|error| ObtainError::unavailable(format!("{name}: {error:#}")))
    }

    /// The `Origin` of its release files.
    pub(crate) fn origin(&self) -> &str {
        match &self.kind {
            SourceKind::Apt(kind) => &kind.origin,
            SourceKind::Checksums(_) | SourceKind::Pacman(_) | SourceKind::Repomd(_) => &self.name,
        }
    }

    /// What an archive has in answer to what was asked for.
    pub(crate) fn find(
        &self,
        archives: &Archives,
        archive: &str,
        wanted: &str,
        progress: &dyn Progress,
    ) -> Result<SourceOffer, ObtainError> {
        match &self.kind {
            SourceKind::Apt(kind) => kind.find(archives, archive, wanted, progress),
            SourceKind::Checksums(kind) => {
                kind.find(&self.name, archives, archive, wanted, progress)
            }
            SourceKind::Pacman(kind) => kind.find(archives, archive, wanted, progress),
            SourceKind::Repomd(kind) => kind.find(&self.name, archives, archive, wanted, progress),
        }
    }

    /// Who signed a package that was downloaded and has the hash that is listed; none
    /// where the list is signed, and no package itself. `evidence` is that of the offer.
    pub(crate) fn check_package(
        &self,
        archives: &Archives,
        evidence: &Evidence,
        package: &Package,
        file: &Path,
        progress: &dyn Progress,
    ) -> Result<Option<Signer>, ObtainError> {
        match &self.kind {
            SourceKind::Apt(_) | SourceKind::Checksums(_) => Ok(None),
            SourceKind::Pacman(kind) => kind
                .check_package(&self.name, archives, evidence, package, file)
                .map(Some),
            SourceKind::Repomd(kind) => {
                let checked = kind.check_package(&self.name, archives, package, file, progress);
                checked.map(Some)
            }
        }
    }

    /// Takes note of the verified version that a name has led to.
    pub(crate) fn saw(&self, archives: &Archives, wanted: &str, version: &str) {
        match &self.kind {
            // The list of packages was noted, or does not change.
            SourceKind::Apt(_) | SourceKind::Checksums(_) | SourceKind::Pacman(_) => {}
            SourceKind::Repomd(_) => repomd::saw(&archives.cache, &self.name, wanted, version),
        }
    }

    /// The versions of the kernels in packages that kept evidence vouches for, and their
    /// SHA-256; the error says why it does not. A package may vouch for itself.
    pub(crate) fn vouched(
        &self,
        archives: &Archives,
        dir: &Path,
        package: &Path,
    ) -> Result<Vec<(String, String)>, String> {
        match &self.kind {
            SourceKind::Apt(kind) => {
                let listed = vouched(&archives.publisher, guest::HOST, dir, &|name| {
                    kind.is_image(name)
                })?;
                Ok(listed.iter().filter_map(|it| kind.version_of(it)).collect())
            }
            SourceKind::Checksums(kind) => kind.vouched(archives.keyring(), dir),
            SourceKind::Pacman(kind) => kind.vouched(archives.keyring(), dir, package),
            SourceKind::Repomd(kind) => kind.vouched(archives, package),
        }
    }
}
