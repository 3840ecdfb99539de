//! A directory for each version, whose packages a signed file lists: the mainline builds
//! of Ubuntu's kernel team.

use std::path::Path;

use guest::{HOST, Version};
use jiff::Timestamp;
use serde::Deserialize;

use crate::debian::archive::Archives;
use crate::debian::cleartext;
use crate::debian::evidence::Evidence;
use crate::debian::keyring::{Keyring, Signer};
use crate::debian::newest_release;
use crate::debian::packages::Package;
use crate::files::hash::{FileSum, parse_sha256};
use crate::files::read::read_text;
use crate::http::download::fetch_small;
use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;
use crate::sources::UNKNOWN_SIZE;
use crate::sources::source::{Meant, SourceOffer, or_itself};

/// The list has some 2 kB, the signature less.
const MAX_LIST: u64 = 1 << 20;
const LIST: &str = "CHECKSUMS";
const SIGNATURE: &str = "CHECKSUMS.gpg";

/// Where its files are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChecksumsKind {
    /// The directories that may be those of a `{version}`.
    directories: Vec<String>,
    /// The packages that may have the image of a kernel `{release}`, the best first.
    images: Vec<String>,
    /// The packages with its modules: all of those that there are.
    modules: Vec<String>,
    /// The flavour that is taken.
    flavour: String,
}

/// What is meant by a version: that very one, as kernel.org has it.
pub(super) fn meant(wanted: &str) -> Option<Meant> {
    let (version, _) = Version::leading(wanted).ok()?;
    is_version(wanted).then_some(Meant {
        version: Some(version),
        moves: false,
        lineage: None,
    })
}

/// The name of a version: the first release of a series has the series' name.
pub(super) fn canonical(wanted: &str) -> &str {
    let series = wanted.strip_suffix(".0").filter(|rest| rest.contains('.'));
    series.unwrap_or(wanted)
}

/// The point releases from one to another of the same series, both included:
/// `6.12..6.12.20`.
pub(super) fn range(wanted: &str) -> Option<Vec<String>> {
    let (from, to) = wanted.split_once("..")?;
    let is_release = |text: &&str| is_version(text) && !text.contains("-rc");
    let version = |text: &str| Version::leading(text).ok().map(|(version, _)| version);
    let [from, to] = [from, to].map(|text| Some(text).filter(is_release).and_then(version));
    let (from, to) = (from?, to?);
    let named = |patch| match patch {
        0 => from.series().to_string(),
        patch => Version { patch, ..from }.to_string(),
    };
    let is_one = from.series() == to.series() && from <= to;
    is_one.then(|| (from.patch..=to.patch).map(named).collect())
}

/// Whether this is a version of kernel.org: `6.12`, `6.12.1` or `6.12-rc3`.
fn is_version(text: &str) -> bool {
    abi_of(text).is_some()
}

/// What the builds call a version: `6.12.1-061201` for `6.12.1`, and
/// `6.12.0-061200rc3` for `6.12-rc3`.
fn abi_of(wanted: &str) -> Option<String> {
    let (numbers, candidate) = match wanted.split_once("-rc") {
        Some((numbers, candidate)) => (numbers, Some(candidate.parse::<u16>().ok()?)),
        None => (wanted, None),
    };
    let parts: Vec<u16> = (numbers.split('.'))
        .map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse().ok())?
        })
        .collect::<Option<_>>()?;
    let (major, minor, patch) = match parts[..] {
        [major, minor] => (major, minor, 0),
        [major, minor, patch] if candidate.is_none() => (major, minor, patch),
        _ => return None,
    };
    let candidate = candidate.map_or(String::new(), |number| format!("rc{number}"));
    Some(format!(
        "{major}.{minor}.{patch}-{major:02}{minor:02}{patch:02}{candidate}"
    ))
}

/// The files that a list names with their SHA-256, the last part of each path; lines of
/// other sums and comments are passed over.
pub(crate) fn parse(text: &str) -> Vec<(String, String)> {
    let sum = |line: &str| {
        let (sha256, path) = line.split_once([' ', '\t'])?;
        let path = path.trim_start_matches([' ', '\t', '*']).trim_end();
        let name = path.rsplit('/').next()?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".+~-_".contains(&byte);
        let plain = !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain);
        plain.then_some((parse_sha256(sha256)?, name.to_owned()))
    };
    text.lines().filter_map(sum).collect()
}

impl ChecksumsKind {
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
        progress.step(&format!("asking {title} for {wanted}"));
        let version = wanted;
        for directory in &self.directories {
            let directory = directory.replace("{version}", version);
            let url = format!("{base}/{directory}");
            let Some(list) = fetch(archives, &format!("{url}/{LIST}"))? else {
                continue;
            };
            let signature = fetch(archives, &format!("{url}/{SIGNATURE}"))?.unwrap_or_default();
            let signer = archives
                .keyring()
                .verify(&list, &signature, Timestamp::now());
            let signer = signer.map_err(|found| {
                let expected = format!("a valid signature by a key of {source}");
                ObtainError::verification(format!("{url}/{LIST}"), expected, found)
            })?;
            self.note(source, archives, version, &signer)
                .map_err(|why| ObtainError::unavailable(format!("{title}: {why}")))?;
            let text = String::from_utf8_lossy(&list).into_owned();
            let offer = self.offer(&directory, version, &text).ok_or_else(|| {
                let expected = format!("a list with the kernel {version}");
                let names: Vec<_> = parse(&text).into_iter().map(|(_, name)| name).collect();
                let found = format!("one of {}", names.first().map_or("nothing", |it| it));
                ObtainError::verification(format!("{url}/{LIST}"), expected, found)
            })?;
            let (image, modules) = offer;
            return Ok(SourceOffer {
                version: version.to_owned(),
                modules: or_itself(modules, &image),
                image,
                signer: Some(signer),
                evidence: Evidence::of_files(vec![(LIST, list), (SIGNATURE, signature)]),
            });
        }
        Err(ObtainError::unavailable(format!(
            "{title} has no {version}"
        )))
    }

    /// Takes note of the list of a version; the error says that a newer one was seen.
    fn note(
        &self,
        source: &str,
        archives: &Archives,
        version: &str,
        signer: &Signer,
    ) -> Result<(), String> {
        let name = format!("{source}-{}", version.replace('.', "-"));
        newest_release::saw(&archives.cache, &name, signer.signed).map_err(|newer| {
            let day = |time: Timestamp| time.strftime("%F").to_string();
            let (signed, newer) = (day(signer.signed), day(newer));
            format!(
                "its list of {version} is of {signed}, older than one of {newer} that was seen \
                 before"
            )
        })
    }

    /// The packages of a version with image and modules, in a directory.
    fn offer(&self, directory: &str, version: &str, list: &str) -> Option<(Package, Vec<Package>)> {
        let release = format!("{}-{}", abi_of(version)?, self.flavour);
        let sums = parse(list);
        let find = |pattern: &str| {
            let package = pattern.replace("{release}", &release);
            let (start, end) = (format!("{package}_"), format!("_{}.deb", HOST.debian));
            let is_it =
                |name: &str| Some(name.strip_prefix(&start)?.strip_suffix(&end)?.to_owned());
            sums.iter().find_map(|(sha256, name)| {
                let file = FileSum {
                    path: format!("{directory}/{name}"),
                    size: UNKNOWN_SIZE,
                    sha256: sha256.clone(),
                };
                Some(Package::alone(&package, &is_it(name)?, file))
            })
        };
        let image = self.images.iter().find_map(|pattern| find(pattern))?;
        let modules = self.modules.iter().filter_map(|pattern| find(pattern));
        Some((image, modules.collect()))
    }

    /// As [`crate::sources::Source::vouched`].
    pub(super) fn vouched(
        &self,
        keyring: &Keyring,
        dir: &Path,
    ) -> Result<Vec<(String, String)>, String> {
        let read = |name: &str| read_text(&dir.join(name)).map_err(|error| error.to_string());
        let (list, signature) = (read(LIST)?, read(SIGNATURE)?);
        keyring.verify(list.as_bytes(), signature.as_bytes(), Timestamp::now())?;
        let sums = parse(&list).into_iter();
        Ok(sums
            .filter_map(|(sha256, name)| Some((self.version_of(&name)?, sha256)))
            .collect())
    }

    /// The version of the kernel in a package of this file name.
    fn version_of(&self, file: &str) -> Option<String> {
        let (package, _) = file.split_once('_')?;
        self.images.iter().find_map(|pattern| {
            let (before, after) = pattern.split_once("{release}")?;
            let release = package.strip_prefix(before)?.strip_suffix(after)?;
            let abi = release.strip_suffix(&self.flavour)?.strip_suffix('-')?;
            let (numbers, build) = abi.split_once('-')?;
            let candidate = build.split_once("rc").map(|(_, candidate)| candidate);
            let version = match (candidate, numbers.strip_suffix(".0")) {
                (Some(candidate), Some(series)) => format!("{series}-rc{candidate}"),
                (None, Some(series)) => series.to_owned(),
                _ => numbers.to_owned(),
            };
            (abi_of(&version)? == abi).then_some(version)
        })
    }
}

fn fetch(archives: &Archives, url: &str) -> Result<Option<Vec<u8>>, ObtainError> {
    let is_whole = |bytes: &[u8]| !url.ends_with(SIGNATURE) || cleartext::is_whole(bytes);
    fetch_small(&archives.client, url, MAX_LIST, &is_whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LISTED: &str = "# Checksums-Sha1:\n\
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  linux-modules-6.12.1-061201-generic_6.12.1-061201.1_amd64.deb\n\
        # Checksums-Sha256:\n\
        BBbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  amd64/linux-image-unsigned-6.12.1-061201-generic_6.12.1-061201.1_amd64.deb\n\
        cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc *linux-modules-6.12.1-061201-generic_6.12.1-061201.1_amd64.deb\n\
        dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd  ..\n";

    fn kind() -> ChecksumsKind {
        ChecksumsKind {
            directories: vec!["v{version}".to_owned()],
            images: ["linux-image-unsigned-{release}", "linux-image-{release}"]
                .map(str::to_owned)
                .to_vec(),
            modules: vec!["linux-modules-{release}".to_owned()],
            flavour: "generic".to_owned(),
        }
    }

    #[test]
    fn a_version_has_one_name_among_the_builds() {
        for (wanted, abi) in [
            ("6.12.1", Some("6.12.1-061201")),
            ("6.12", Some("6.12.0-061200")),
            ("4.9.337", Some("4.9.337-0409337")),
            ("6.12-rc3", Some("6.12.0-061200rc3")),
            ("6.12.1-rc3", None),
            ("6", None),
            ("6.12.1.2", None),
            ("6.12.+1", None),
            ("../6.12", None),
            ("6.12/..", None),
        ] {
            assert_eq!(abi_of(wanted).as_deref(), abi, "{wanted}");
        }
    }

    #[test]
    fn a_range_is_of_one_series() {
        let range = |text| range(text);
        assert_eq!(range("6.12..6.12.2").unwrap(), ["6.12", "6.12.1", "6.12.2"]);
        assert_eq!(range("6.12.3..6.12.3").unwrap(), ["6.12.3"]);
        for text in [
            "6.12..6.13",
            "6.12.3..6.12.1",
            "6.12..",
            "..6.12",
            "6.12-rc1..6.12",
            "6.12",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
    }

    #[test]
    fn image_and_modules_of_the_version_are_found() {
        let (image, modules) = kind().offer("v6.12.1/amd64", "6.12.1", LISTED).unwrap();
        assert_eq!(image.file.sha256, "b".repeat(64));
        assert!(
            image
                .file
                .path
                .starts_with("v6.12.1/amd64/linux-image-unsigned-6.12.1")
        );
        assert_eq!(modules[0].file.sha256, "c".repeat(64));
        assert!(kind().offer("v6.12.2", "6.12.2", LISTED).is_none());
        assert_eq!(parse(LISTED).len(), 2);
    }

    proptest! {
        #[test]
        fn a_package_tells_its_version(major in 3..9_u16, minor in 0..30_u16, patch in 0..400_u16) {
            let version = match patch {
                0 => format!("{major}.{minor}"),
                _ => format!("{major}.{minor}.{patch}"),
            };
            let abi = abi_of(&version).unwrap();
            let file = format!("linux-image-unsigned-{abi}-generic_{abi}.2026_amd64.deb");
            prop_assert_eq!(kind().version_of(&file), Some(version));
        }
    }
}
