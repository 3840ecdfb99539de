//! Repositories of RPM packages: those of RHEL's kin, of Fedora, of Amazon.
//!
//! What counts is the signature of the package itself: which package it is, its signed
//! header says. The repository's list is believed only where it is signed, too; otherwise
//! it says where to look.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use guest::{HOST, Version};
use jiff::Timestamp;
use serde::Deserialize;

use crate::debian::archive::Archives;
use crate::debian::cleartext;
use crate::debian::debian_version::is_plain;
use crate::debian::evidence::Evidence;
use crate::debian::keyring::Signer;
use crate::debian::packages::Package;
use crate::files::hash::{FileSum, Hasher};
use crate::files::open_regular;
use crate::files::read::read_text;
use crate::http::by_hash::fetch_kept;
use crate::http::download::{fetch_small, length};
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;
use crate::messages::reasons::Reasons;
use crate::package::unpack;
use crate::rpm::repository::{self, ListedRpm, resolve};
use crate::rpm::{self, RpmIdentity, RpmPackage, rpm_version};
use crate::sources::{Meant, SourceOffer, UNKNOWN_SIZE};

/// It has some kilobytes.
const MAX_REPOMD: u64 = 1 << 20;
/// The list of a whole distribution has some 30 MB, and 300 MB unpacked.
const MAX_LIST: u64 = 256 << 20;
const MAX_UNPACKED_LIST: u64 = 1 << 30;
/// What a file is called that names the place of a repository.
const MIRROR_LIST: &str = "mirror.list";

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
struct Place<'a> {
    release: &'a RpmRelease,
    at: String,
}

/// What is asked of the archives.
struct RpmWanted<'a> {
    /// Where to look, in this order.
    places: Vec<Place<'a>>,
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
            version,
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

    pub(super) fn find(
        &self,
        source: &str,
        archives: &Archives,
        archive: &str,
        wanted: &str,
        progress: &dyn Progress,
    ) -> Result<SourceOffer, ObtainError> {
        let base = archive.trim_end_matches('/');
        let title = archives.client.title(base);
        let missing = || ObtainError::unavailable(format!("{title} has no kernel {wanted}"));
        let asked = self.wanted(wanted).ok_or_else(missing)?;
        let mut reasons = Reasons::default();
        for place in &asked.places {
            let mut listed = Vec::new();
            for pattern in self.repositories_of(place.release) {
                let path = pattern.replace("{at}", &place.at);
                let path = path.replace("{arch}", HOST.name);
                match self.read(archives, base, &path, progress) {
                    Ok(packages) => listed.extend(packages),
                    Err(error @ ObtainError::Verification { .. }) => return Err(error),
                    Err(error) => reasons.note(error, progress)?,
                }
            }
            let Some(offer) = self.offer(&listed, asked.exactly) else {
                continue;
            };
            if asked.exactly.is_none() {
                not_rolled_back(&archives.cache, source, wanted, &offer.version)
                    .map_err(|why| ObtainError::unavailable(format!("{title}: {why}")))?;
            }
            return Ok(offer);
        }
        reasons.note(missing(), progress)?;
        Err(reasons.error())
    }

    /// The kernels that a repository lists, with their paths from the archive's root.
    fn read(
        &self,
        archives: &Archives,
        base: &str,
        path: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<ListedRpm>, ObtainError> {
        let client = &archives.client;
        let title = client.title(base);
        progress.step(&format!("asking {title} for {path}"));
        let missing = |what: &str| ObtainError::unavailable(format!("{title} has no {what}"));
        let path = match path.ends_with(MIRROR_LIST) {
            true => led_to(archives, base, path)?,
            false => path.to_owned(),
        };
        let url = format!("{base}/{path}/repodata/repomd.xml");
        let wrong =
            |expected: &str, found: String| ObtainError::verification(&url, expected, found);
        let is_whole = |bytes: &[u8]| bytes.trim_ascii_end().ends_with(b"</repomd>");
        let repomd = fetch_small(client, &url, MAX_REPOMD, &is_whole)?;
        let repomd = repomd.ok_or_else(|| missing(&path))?;
        if self.signed_lists {
            let signature = format!("{url}.asc");
            let signature = fetch_small(client, &signature, MAX_REPOMD, &cleartext::is_whole)?;
            let signature = signature.unwrap_or_default();
            let signed = (archives.keyring()).verify(&repomd, &signature, Timestamp::now());
            signed.map_err(|found| wrong("a valid signature by a key of the source", found))?;
        }
        let list = repository::list_of(&repomd)
            .map_err(|found| wrong("the index of a repository", found))?;
        let below = |href: &str| resolve(&path, href);
        let astray = || wrong("a path in the archive", list.href.clone());
        let mut sum = FileSum {
            path: below(&list.href).ok_or_else(astray)?,
            size: list.size.unwrap_or(UNKNOWN_SIZE),
            sha256: list.sha256.clone(),
        };
        let url = format!("{base}/{}", sum.path);
        if sum.size == UNKNOWN_SIZE {
            sum.size = length(client, &url)?.ok_or_else(|| missing(&sum.path))?;
        }
        if sum.size > MAX_LIST {
            let limit = format!("at most {MAX_LIST} bytes");
            let found = format!("{} bytes", sum.size);
            return Err(ObtainError::verification(url, limit, found));
        }
        let urls = std::slice::from_ref(&url);
        let file = fetch_kept(client, &archives.cache, urls, &sum, progress)?;
        let file = file.ok_or_else(|| missing(&sum.path))?;
        let limit = list.unpacked.unwrap_or(MAX_UNPACKED_LIST);
        let text = open_regular(&file).attempt(|| format!("open {}", file.display()))?;
        let is_kernel = |it: &RpmIdentity| it.arch == HOST.name && self.is_of_kernel(&it.name);
        let packages = unpack(text)
            .map_err(|error| error.to_string())
            .and_then(|text| {
                let limit = limit.min(MAX_UNPACKED_LIST);
                repository::packages(text, limit, is_kernel).map_err(|error| error.to_string())
            });
        let mut packages = packages
            .map_err(|found| ObtainError::verification(&url, "a list of packages", found))?;
        packages.retain_mut(|package| {
            let path = below(&package.file.href);
            let plain = is_plain(&version_of(&package.identity));
            path.filter(|_| plain)
                .map(|path| package.file.href = path)
                .is_some()
        });
        Ok(packages)
    }

    fn offer(&self, listed: &[ListedRpm], exactly: Option<&str>) -> Option<SourceOffer> {
        self.kernels.iter().find_map(|kernel| {
            let of_name = |name: &str| {
                let name = name.to_owned();
                listed.iter().filter(move |it| it.identity.name == name)
            };
            let wanted =
                |it: &&ListedRpm| exactly.is_none_or(|version| version_of(&it.identity) == version);
            let images = of_name(&kernel.image).filter(wanted);
            let image = images.max_by(|one, two| {
                let [one, two] = [one, two].map(|it| version_of(&it.identity));
                rpm_version::compare(&one, &two)
            })?;
            let version = version_of(&image.identity);
            let others = kernel
                .modules
                .iter()
                .filter_map(|name| of_name(name).find(|it| version_of(&it.identity) == version));
            // The list of what is built in, and the configuration, are beside the image.
            let modules = std::iter::once(image).chain(others);
            Some(SourceOffer {
                modules: modules.map(package_of).collect(),
                version: version.clone(),
                image: package_of(image),
                signer: None,
                evidence: Evidence {
                    release: Vec::new(),
                    index: None,
                    name: String::new(),
                },
            })
        })
    }

    /// Who signed a package, if it is the one that is listed.
    pub(super) fn check_package(
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

    /// As [`super::Source::vouched`]: the package that is kept vouches for itself.
    pub(super) fn vouched(
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

impl RpmRelease {
    /// The place that this name asks for, if it is of this release.
    fn named(&self, name: &str) -> Option<Place<'_>> {
        let point = || {
            let point = name.strip_prefix(&self.name)?.strip_prefix('.')?;
            let is_number = (1..=2).contains(&point.len()) && point.parse::<u8>().is_ok();
            (self.points && is_number).then(|| name.to_owned())
        };
        let at = match self.name == name {
            true => Some(self.at.clone().unwrap_or_else(|| name.to_owned())),
            false => point(),
        };
        at.map(|at| Place { release: self, at })
    }

    /// The places that may have a package of this release: `427.13.1.el9_4` is of 9.4,
    /// and while that is the newest, of 9.
    fn places_of<'a>(&'a self, release: &str) -> Vec<Place<'a>> {
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

/// The path of the repository that a mirror list names. It is in the same archive, or there
/// would be one more host to be trusted, or another scheme.
fn led_to(archives: &Archives, base: &str, path: &str) -> Result<String, ObtainError> {
    let url = format!("{base}/{path}");
    let list = fetch_small(&archives.client, &url, MAX_REPOMD, &|_| true)?;
    let list = list.ok_or_else(|| {
        let title = archives.client.title(base);
        ObtainError::unavailable(format!("{title} has no {path}"))
    })?;
    let text = String::from_utf8_lossy(&list);
    let first = text.lines().next().unwrap_or_default().trim();
    let below = first.strip_prefix(base).and_then(|it| it.strip_prefix('/'));
    let found = below.and_then(|it| resolve("", it.trim_end_matches('/')));
    found.ok_or_else(|| ObtainError::verification(url, format!("an address below {base}"), first))
}

/// Takes note of the newest kernel that a name has led to; the error says that this one is
/// older. A list that is not signed may be an old one, with genuine packages.
fn not_rolled_back(cache: &Path, source: &str, wanted: &str, version: &str) -> Result<(), String> {
    let path = cache.join("releases").join(format!("{source}_{wanted}"));
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
pub(super) fn saw(cache: &Path, source: &str, wanted: &str, version: &str) {
    let path = cache.join("releases").join(format!("{source}_{wanted}"));
    if not_rolled_back(cache, source, wanted, version).is_ok() {
        // If it cannot be written down, an older one is not told apart next time.
        let _ = fs::create_dir_all(cache.join("releases"));
        let _ = crate::files::write_whole(&path, format!("{version}\n").as_bytes());
    }
}

fn version_of(identity: &RpmIdentity) -> String {
    format!("{}-{}", identity.version, identity.release)
}

fn package_of(listed: &ListedRpm) -> Package {
    Package {
        name: listed.identity.name.clone(),
        version: version_of(&listed.identity),
        file: FileSum {
            path: listed.file.href.clone(),
            size: listed.file.size.unwrap_or(UNKNOWN_SIZE),
            sha256: listed.file.sha256.clone(),
        },
        depends: String::new(),
        provides: String::new(),
    }
}
