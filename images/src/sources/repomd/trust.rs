//! Whom a package is believed, and that it is not older than what was there.

use std::path::{Path, PathBuf};

use guest::HOST;
use jiff::Timestamp;

use super::{RepomdKind, version_of};
use crate::debian::archive::Archives;
use crate::debian::debian_version::is_plain;
use crate::debian::keyring::Signer;
use crate::debian::packages::Package;
use crate::files::hash::Hasher;
use crate::files::read::read_text;
use crate::files::write_whole;
use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;
use crate::rpm::{self, RpmIdentity, RpmPackage, rpm_version};

impl RepomdKind {
    /// Who signed a package, if it is the one that is listed.
    pub(in crate::sources) fn check_package(
        &self,
        source: &str,
        archives: &Archives,
        package: &Package,
        file: &Path,
        progress: &dyn Progress,
    ) -> Result<Signer, ObtainError> {
        let url = &package.file.path;
        let expected = format!("{}, signed by a key of {source}", package.name);
        let (version, release) = package.version.rsplit_once('-').unwrap_or_default();
        let wanted = RpmIdentity {
            name: package.name.clone(),
            version: version.to_owned(),
            release: release.to_owned(),
            arch: HOST.name.to_owned(),
        };
        let bytes = rpm::read(file).map_err(|error| error.to_string());
        let signer = bytes.and_then(|bytes| self.verify(archives, &bytes, Some(&wanted)));
        let (_, signer, weak) =
            signer.map_err(|found| ObtainError::verification(url, expected, found))?;
        if let Some(digest) = weak {
            let (name, key) = (&package.name, &signer.fingerprint);
            progress.note(&format!(
                "{name} is signed with {digest}, which is weak and counts by the key {key} alone"
            ));
        }
        Ok(signer)
    }

    /// Which package it is, who signed it, and with which weak digest, if with one. Without
    /// `wanted` it may be any package of a kernel.
    fn verify(
        &self,
        archives: &Archives,
        bytes: &[u8],
        wanted: Option<&RpmIdentity>,
    ) -> Result<(RpmIdentity, Signer, Option<String>), String> {
        let package = RpmPackage::parse(bytes)?;
        let wanted = wanted.cloned().map_or_else(|| package.identity(), Ok)?;
        let weak: Vec<&str> = self.weak_keys.iter().map(String::as_str).collect();
        let signer = package.verify(&wanted, archives.keyring(), &weak, Timestamp::now())?;
        let (fingerprint, signed) = (signer.fingerprint, signer.signed);
        Ok((
            wanted,
            Signer {
                fingerprint,
                signed,
            },
            signer.weak,
        ))
    }

    /// As [`crate::sources::Source::vouched`]: the package that is kept vouches for itself.
    pub(in crate::sources) fn vouched(
        &self,
        archives: &Archives,
        package: &Path,
    ) -> Result<Vec<(String, String)>, String> {
        let bytes = rpm::read(package).map_err(|error| error.to_string())?;
        let (identity, ..) = self.verify(archives, &bytes, None)?;
        match self.kernels.iter().any(|it| it.image == identity.name) {
            true => Ok(vec![(version_of(&identity), Hasher::of(&bytes))]),
            false => Err(format!("{identity} has no kernel")),
        }
    }
}

/// Takes note of the newest kernel that a name has led to; the error says that this one is
/// older. A list that is not signed may be an old one, with genuine packages.
pub(super) fn not_rolled_back(
    cache: &Path,
    source: &str,
    wanted: &str,
    version: &str,
) -> Result<(), String> {
    let path = newest_seen(cache, source, wanted);
    let known = read_text(&path).unwrap_or_default();
    let known = known.trim();
    if is_plain(known) && rpm_version::compare(version, known).is_lt() {
        let path = path.display();
        return Err(format!(
            "its newest kernel of {wanted} is {version}, older than {known}, which was there \
             before; if that was withdrawn, remove {path}"
        ));
    }
    Ok(())
}

/// Writes down which kernel a name has led to, once it was verified.
pub(in crate::sources) fn saw(cache: &Path, source: &str, wanted: &str, version: &str) {
    if not_rolled_back(cache, source, wanted, version).is_ok() {
        let path = newest_seen(cache, source, wanted);
        // If it cannot be written down, an older one is not told apart next time.
        let _ = write_whole(&path, format!("{version}\n").as_bytes());
    }
}

/// The file that says which is the newest kernel that a name has led to.
fn newest_seen(cache: &Path, source: &str, wanted: &str) -> PathBuf {
    cache.join("releases").join(format!("{source}_{wanted}"))
}
