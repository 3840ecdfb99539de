//! Repositories of RPM packages: those of RHEL's kin, of Fedora, of Amazon.
//!
//! What counts is the signature of the package itself: which package it is, its signed
//! header says. The repository's list is believed only where it is signed, too; otherwise
//! it says where to look.

mod find;
mod list;
mod trust;

pub(super) use trust::saw;

use anyhow::{Result, ensure};
use guest::Version;
use serde::Deserialize;

use crate::debian::debian_version::is_plain;
use crate::rpm::RpmIdentity;
use crate::sources::source::Meant;

/// What a vendor's archives have where.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepomdKind {
    /// The repositories of a release that is `{at}` some place, below an archive; one that
    /// ends in `mirror.list` is a text with its address.
    #[serde(default)]
    repositories: Vec<String>,
    /// The packages of a kernel, the best first.
    kernels: Vec<RpmKernel>,
    /// Whether `repomd.xml.asc` has to vouch for the lists.
    #[serde(default)]
    signed_lists: bool,
    /// Fingerprints of keys whose signatures count with SHA-1.
    #[serde(default)]
    weak_keys: Vec<String>,
    /// The newest first, of those with the same mark.
    releases: Vec<RpmRelease>,
}

/// The packages of a kernel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RpmKernel {
    /// The one with its image.
    image: String,
    /// Others with modules.
    #[serde(default)]
    modules: Vec<String>,
}

/// A release of the distribution.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RpmRelease {
    /// Such as `7`, or `9.4`.
    name: String,
    /// Its directory; its name, if none is given.
    at: Option<String>,
    /// What the releases of its packages end in: `el7`.
    mark: String,
    /// The series of its kernels, at first.
    series: Version,
    /// Whether `9.4` may be asked for, where it is called `9`.
    #[serde(default)]
    points: bool,
    /// Its own repositories.
    repositories: Option<Vec<String>>,
}

/// Where a release is.
struct ReleasePlace<'a> {
    release: &'a RpmRelease,
    at: String,
}

/// What is asked of the archives.
struct RpmWanted<'a> {
    /// Where to look, in this order.
    places: Vec<ReleasePlace<'a>>,
    /// A version, `3.10.0-1160.el7`; else the newest is meant.
    exactly: Option<&'a str>,
}

impl RepomdKind {
    pub(super) fn check(&self) -> Result<()> {
        ensure!(!self.kernels.is_empty(), "there is no package of a kernel");
        for release in &self.releases {
            let (name, mark) = (&release.name, &release.mark);
            ensure!(
                !self.repositories_of(release).is_empty(),
                "the release {name} has no repository"
            );
            ensure!(
                !mark.is_empty() && mark.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "the release {name}: {mark:?} is no mark, as el7 is one"
            );
        }
        Ok(())
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.releases.iter().map(|release| release.name.clone());
        names.collect()
    }

    /// What is meant; none where nothing is asked for.
    pub(super) fn meant(&self, wanted: &str) -> Option<Meant> {
        let asked = self.wanted(wanted)?;
        let release = asked.places.first()?.release;
        let version = match asked.exactly {
            Some(version) => Version::leading(version).ok()?.0.series(),
            None => release.series,
        };
        Some(Meant {
            version: Some(version),
            moves: asked.exactly.is_none(),
            lineage: Some(release.mark.clone()),
        })
    }

    /// `7`, `9.4` or `5.14.0-427.13.1.el9_4`.
    fn wanted<'a>(&'a self, text: &'a str) -> Option<RpmWanted<'a>> {
        let by_name = self.releases.iter().find_map(|release| release.named(text));
        if let Some(place) = by_name {
            return Some(RpmWanted {
                places: vec![place],
                exactly: None,
            });
        }
        let (_, release) = text.split_once('-').filter(|_| is_plain(text))?;
        let of_release = |it| RpmRelease::places_of(it, release);
        let places: Vec<_> = self.releases.iter().flat_map(of_release).collect();
        (!places.is_empty()).then_some(RpmWanted {
            places,
            exactly: Some(text),
        })
    }

    fn repositories_of<'a>(&'a self, release: &'a RpmRelease) -> &'a [String] {
        let own = release.repositories.as_ref();
        own.unwrap_or(&self.repositories)
    }

    fn is_of_kernel(&self, name: &str) -> bool {
        let is_it =
            |kernel: &RpmKernel| kernel.image == name || kernel.modules.iter().any(|it| it == name);
        self.kernels.iter().any(is_it)
    }
}

impl RpmRelease {
    /// The place that this name asks for, if it is of this release.
    fn named(&self, name: &str) -> Option<ReleasePlace<'_>> {
        let point = || {
            let point = name.strip_prefix(&self.name)?.strip_prefix('.')?;
            let is_number = (1..=2).contains(&point.len()) && point.parse::<u8>().is_ok();
            (self.points && is_number).then(|| name.to_owned())
        };
        let at = match self.name == name {
            true => Some(self.at.clone().unwrap_or_else(|| name.to_owned())),
            false => point(),
        };
        at.map(|at| ReleasePlace { release: self, at })
    }

    /// The places that may have a package of this release: `427.13.1.el9_4` is of 9.4,
    /// and while that is the newest, of 9.
    fn places_of<'a>(&'a self, release: &str) -> Vec<ReleasePlace<'a>> {
        let mut words = release.split('.');
        let Some(point) = words.find_map(|word| word.strip_prefix(self.mark.as_str())) else {
            return Vec::new();
        };
        let names = match point.strip_prefix('_') {
            Some(point) => vec![format!("{}.{point}", self.name), self.name.clone()],
            None if point.is_empty() => vec![self.name.clone()],
            None => Vec::new(),
        };
        names.iter().filter_map(|name| self.named(name)).collect()
    }
}

fn version_of(identity: &RpmIdentity) -> String {
    format!("{}-{}", identity.version, identity.release)
}
