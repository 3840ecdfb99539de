//! An archive of Debian's format with another vendor's kernels: Ubuntu's.

use std::io;
use std::sync::Arc;

use anyhow::{Result, ensure};
use guest::Version;
use serde::Deserialize;

use crate::debian::archive::{Archives, Site, SuiteIndex};
use crate::debian::debian_version::{is_plain, newest_by};
use crate::debian::packages::{IndexText, Package, newest_of, read_index};
use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;
use crate::messages::reasons::Reasons;
use crate::sources::source::{Meant, SourceOffer, or_itself};

/// What an archive has where.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AptKind {
    /// The field `Origin` of its release files.
    pub(crate) origin: String,
    /// What follows a release's suite: ``, `-updates`, `-security`.
    pockets: Vec<String>,
    /// The flavours that a release may be asked for in; the first is meant otherwise.
    flavours: Vec<String>,
    /// The package that depends on the newest image of a `{flavour}`.
    meta: String,
    /// The packages that may have the image of a kernel `{release}`, the best first.
    images: Vec<String>,
    /// The packages with its modules: all of those that there are.
    modules: Vec<String>,
    releases: Vec<VendorRelease>,
}

/// A release of the distribution.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VendorRelease {
    /// Such as `22.04`.
    name: String,
    suite: String,
    /// The series of its kernels, first the one that it came with.
    series: Vec<Version>,
}

/// What is asked of an archive.
enum AptWanted<'a> {
    /// The newest kernel of a flavour in a release.
    Newest(&'a VendorRelease, &'a str),
    /// A version, such as `5.15.0-79.86`, in a flavour.
    Exactly(&'a str, &'a str),
}

impl AptKind {
    pub(super) fn check(&self) -> Result<()> {
        ensure!(!self.pockets.is_empty(), "there is no pocket");
        ensure!(!self.flavours.is_empty(), "there is no flavour");
        ensure!(!self.images.is_empty(), "there is no pattern of images");
        for release in &self.releases {
            let name = &release.name;
            ensure!(
                !release.series.is_empty(),
                "the release {name} has no series"
            );
        }
        Ok(())
    }

    /// The names of releases.
    pub(super) fn names(&self) -> Vec<String> {
        self.releases
            .iter()
            .map(|release| release.name.clone())
            .collect()
    }

    /// Their suites.
    pub(super) fn suites(&self) -> impl Iterator<Item = String> {
        self.releases.iter().map(|release| release.suite.clone())
    }

    /// What is meant; none where nothing is asked for.
    pub(super) fn meant(&self, wanted: &str) -> Option<Meant> {
        let (version, moves) = match self.wanted(wanted)? {
            AptWanted::Newest(release, _) => (*release.series.first()?, true),
            AptWanted::Exactly(version, _) => (series_of(version)?, false),
        };
        Some(Meant {
            version: Some(version),
            moves,
            lineage: None,
        })
    }

    /// `22.04`, `22.04-aws` or `5.15.0-79.86-generic`.
    fn wanted<'a>(&'a self, text: &'a str) -> Option<AptWanted<'a>> {
        for release in &self.releases {
            let Some(rest) = text.strip_prefix(&release.name) else {
                continue;
            };
            let flavour = match rest.strip_prefix('-') {
                None if rest.is_empty() => self.flavours.first(),
                None => None,
                Some(flavour) => self.flavours.iter().find(|known| *known == flavour),
            };
            return Some(AptWanted::Newest(release, flavour?));
        }
        let (version, flavour) = text.rsplit_once('-')?;
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
        let known = is_plain(version) && abi_of(version).is_some() && is_word(flavour);
        let is_of = |release: &VendorRelease| release.has(version);
        let known = known && self.releases.iter().any(is_of);
        known.then_some(AptWanted::Exactly(version, flavour))
    }

    /// Whether a package of this name may hold an image.
    pub(super) fn is_image(&self, name: &str) -> bool {
        self.images
            .iter()
            .any(|pattern| release_of(name, pattern).is_some())
    }

    /// The version of the kernel in a package, and the package's SHA-256.
    pub(super) fn version_of(&self, package: &Package) -> Option<(String, String)> {
        let release = (self.images.iter()).find_map(|it| release_of(&package.name, it))?;
        Some((
            version_in(release, &package.version)?,
            package.file.sha256.clone(),
        ))
    }

    pub(super) fn find(
        &self,
        archives: &Archives,
        archive: &str,
        wanted: &str,
        progress: &dyn Progress,
    ) -> Result<SourceOffer, ObtainError> {
        let site = Site::live(archive);
        let title = archives.client.title(&site.base);
        let missing = || ObtainError::unavailable(format!("{title} has no kernel {wanted}"));
        let asked = self.wanted(wanted).ok_or_else(missing)?;
        let mut reasons = Reasons::default();
        for release in self.releases_of(&asked) {
            let pockets = self.pockets_of(archives, &site, release, &mut reasons, progress)?;
            if let Some(offer) = self.offer(&pockets, &asked) {
                return Ok(offer);
            }
        }
        reasons.note(missing(), progress)?;
        Err(reasons.error())
    }

    /// The releases that may have what is asked for, the one that came with it first.
    fn releases_of<'a>(&'a self, asked: &AptWanted<'a>) -> Vec<&'a VendorRelease> {
        match asked {
            AptWanted::Newest(release, _) => vec![release],
            AptWanted::Exactly(version, _) => {
                let has = |release: &&VendorRelease| release.has(version);
                let mut releases: Vec<_> = self.releases.iter().filter(has).collect();
                releases
                    .sort_by_key(|release| release.series.first() != series_of(version).as_ref());
                releases
            }
        }
    }

    /// The indexes of a release. A pocket that this archive does not carry is passed
    /// over; one that fails verification is not.
    fn pockets_of(
        &self,
        archives: &Archives,
        site: &Site,
        release: &VendorRelease,
        reasons: &mut Reasons,
        progress: &dyn Progress,
    ) -> Result<Vec<Arc<SuiteIndex>>, ObtainError> {
        let mut all = Vec::new();
        for pocket in &self.pockets {
            let suite = format!("{}{pocket}", release.suite);
            match archives.kernels(site, &suite, guest::HOST, read_linux, progress) {
                Ok(index) => all.push(index),
                Err(error @ ObtainError::Verification { .. }) => return Err(error),
                Err(error) => reasons.note(error, progress)?,
            }
        }
        Ok(all)
    }

    fn offer(&self, pockets: &[Arc<SuiteIndex>], asked: &AptWanted<'_>) -> Option<SourceOffer> {
        let newest = |name: &str| {
            let found = pockets
                .iter()
                .filter_map(|it| Some((it, newest_of(&it.packages, name)?)));
            newest_by(found, |(_, package)| &package.version)
        };
        let (release, exactly) = match asked {
            AptWanted::Newest(_, flavour) => {
                let (_, meta) = newest(&self.meta.replace("{flavour}", flavour))?;
                (self.release_in(&meta.depends)?, None)
            }
            AptWanted::Exactly(version, flavour) => {
                (format!("{}-{flavour}", abi_of(version)?), Some(*version))
            }
        };
        let of_version = |name: &str, version: &str| {
            let packages = pockets
                .iter()
                .flat_map(|it| it.packages.iter().map(move |p| (it, p)));
            let mut packages = packages.filter(|(_, it)| it.name == name);
            packages.find(|(_, package)| package.version == version)
        };
        let mut images = self.images.iter().map(|pattern| named(pattern, &release));
        let (index, image) = images.find_map(|name| match exactly {
            Some(version) => of_version(&name, version),
            None => newest(&name),
        })?;
        let modules = self.modules.iter().map(|pattern| named(pattern, &release));
        let modules: Vec<_> = (modules.filter_map(|name| of_version(&name, &image.version)))
            .map(|(_, package)| package.clone())
            .collect();
        Some(SourceOffer {
            version: version_in(&release, &image.version)?,
            image: image.clone(),
            modules: or_itself(modules, image),
            signer: Some(index.signer.clone()),
            evidence: index.evidence.clone(),
        })
    }

    /// The kernel that a meta package depends on: `5.15.0-79-generic`.
    fn release_in(&self, depends: &str) -> Option<String> {
        let mut words = depends.split([',', '|']).map(str::trim);
        words.find_map(|word| {
            let name = word.split_whitespace().next()?;
            let mut patterns = self.images.iter();
            patterns.find_map(|pattern| release_of(name, pattern).map(str::to_owned))
        })
    }
}

impl VendorRelease {
    /// Whether its kernels may have this version.
    fn has(&self, version: &str) -> bool {
        series_of(version).is_some_and(|series| self.series.contains(&series))
    }
}

/// `5.15` of `5.15.0-79.86`.
fn series_of(version: &str) -> Option<Version> {
    let (version, _) = Version::leading(version).ok()?;
    Some(version.series())
}

fn read_linux(index: IndexText, _: &guest::Arch) -> io::Result<Vec<Package>> {
    read_index(index, |name| {
        name.starts_with("linux-image-") || name.starts_with("linux-modules-")
    })
}

fn named(pattern: &str, release: &str) -> String {
    pattern.replace("{release}", release)
}

/// The kernel's release in the name of a package, which begins with a version.
fn release_of<'a>(name: &'a str, pattern: &str) -> Option<&'a str> {
    let (before, after) = pattern.split_once("{release}")?;
    let release = name.strip_prefix(before)?.strip_suffix(after)?;
    release
        .starts_with(|first: char| first.is_ascii_digit())
        .then_some(release)
}

/// `5.15.0-79` of `5.15.0-79.86`, and of `5.15.0-79.86~20.04.2`.
fn abi_of(version: &str) -> Option<String> {
    let (upstream, revision) = version.rsplit_once('-')?;
    let (abi, _) = revision.split_once('.')?;
    let is_number = !abi.is_empty() && abi.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("{upstream}-{abi}"))
}

/// `5.15.0-79.86-generic`, of the kernel `5.15.0-79-generic` in a package of version
/// `5.15.0-79.86`; none where the two do not belong together.
fn version_in(release: &str, package: &str) -> Option<String> {
    let flavour = release.strip_prefix(&abi_of(package)?)?.strip_prefix('-')?;
    Some(format!("{package}-{flavour}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_abi_is_in_the_version() {
        for (version, abi) in [
            ("5.15.0-79.86", Some("5.15.0-79")),
            ("6.8.0-40.40~22.04.3", Some("6.8.0-40")),
            ("3.13.0-170.220", Some("3.13.0-170")),
            ("5.15.0-79", None),
            ("5.15.0", None),
            ("6.1.176-1", None),
            ("5.15.0-.86", None),
        ] {
            assert_eq!(abi_of(version).as_deref(), abi, "{version}");
        }
    }

    #[test]
    fn a_version_names_package_and_flavour() {
        let version = |release, package| version_in(release, package);
        assert_eq!(
            version("5.15.0-79-generic", "5.15.0-79.86").as_deref(),
            Some("5.15.0-79.86-generic")
        );
        // A package whose name and version are not of the same kernel.
        assert_eq!(version("5.15.0-80-generic", "5.15.0-79.86"), None);
        assert_eq!(version("5.15.0-790-generic", "5.15.0-79.86"), None);
    }

    #[test]
    fn a_name_of_a_meta_package_is_no_image() {
        let pattern = "linux-image-{release}";
        assert_eq!(
            release_of("linux-image-5.4.0-26-aws", pattern),
            Some("5.4.0-26-aws")
        );
        assert_eq!(release_of("linux-image-generic", pattern), None);
        assert_eq!(
            release_of("linux-image-unsigned-5.4.0-26-aws", pattern),
            None
        );
    }
}
