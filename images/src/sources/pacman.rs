//! A directory for each day, with a list of packages: Arch Linux's archive.
//!
//! The list is not signed, so it only says where to look. What counts is the signature
//! beside each package; which package that is, its own `.PKGINFO` says.

use std::ops::ControlFlow;
use std::path::Path;

use guest::HOST;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::debian::archive::Archives;
use crate::debian::debian_version::is_plain;
use crate::debian::evidence::Evidence;
use crate::debian::keyring::{Keyring, Signer};
use crate::debian::packages::Package;
use crate::files::hash::{FileSum, Hasher, parse_sha256};
use crate::files::read::read_bytes;
use crate::http::download::fetch_small;
use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;
use crate::package::{MAX_PACKAGE, MAX_UNPACKED, PackageError, malformed, tar, unpack};
use crate::sources::source::{Meant, SourceOffer};

/// The list has some 130 kB, and 2 MB unpacked; a signature has some 120 bytes.
const MAX_LIST: u64 = 16 << 20;
const MAX_UNPACKED_LIST: u64 = 256 << 20;
const MAX_SIGNATURE: u64 = 64 << 10;
/// What is said of one package.
const MAX_TEXT: u64 = 1 << 20;
/// What the signature of a package is called where it is kept.
const SIGNATURE: &str = "package.sig";

/// Where its files are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PacmanKind {
    /// The directory of a `{day}`, which is `2024/11/25`, and of an `{arch}`.
    directory: String,
    /// The list in it.
    list: String,
    /// The package with the kernel, its modules and its configuration.
    package: String,
}

/// Which package it is, as it says itself.
#[derive(Debug, PartialEq, Eq)]
struct PackageInfo {
    name: String,
    version: String,
    arch: String,
}

/// What is meant by a day: the kernel that its list has. The name does not tell which
/// version that is.
pub(super) fn meant(wanted: &str) -> Option<Meant> {
    day(wanted).map(|_| Meant {
        version: None,
        moves: false,
        lineage: None,
    })
}

/// `2024-11-25`, and no other way to write it.
fn day(wanted: &str) -> Option<Date> {
    let day: Date = wanted.parse().ok()?;
    (day.to_string() == wanted).then_some(day)
}

impl PacmanKind {
    pub(super) fn find(
        &self,
        archives: &Archives,
        archive: &str,
        wanted: &str,
        progress: &dyn Progress,
    ) -> Result<SourceOffer, ObtainError> {
        let base = archive.trim_end_matches('/');
        let title = archives.client.title(base);
        progress.step(&format!("asking {title} for {wanted}"));
        let missing = || ObtainError::unavailable(format!("{title} has no kernel of {wanted}"));
        let day = day(wanted).ok_or_else(missing)?;
        let directory = self
            .directory
            .replace("{day}", &day.strftime("%Y/%m/%d").to_string())
            .replace("{arch}", HOST.name);
        let fetch = |path: &str, limit| {
            let url = format!("{base}/{path}");
            fetch_small(&archives.client, &url, limit, &|_| true)
        };
        let path = format!("{directory}/{}", self.list);
        let list = fetch(&path, MAX_LIST)?.ok_or_else(missing)?;
        let image = self.listed(&list, &directory).map_err(|found| {
            ObtainError::verification(format!("{base}/{path}"), "a list of packages", found)
        })?;
        let image = image.ok_or_else(missing)?;
        let signature = fetch(&format!("{}.sig", image.file.path), MAX_SIGNATURE)?;
        Ok(SourceOffer {
            version: image.version.clone(),
            modules: vec![image.clone()],
            image,
            signer: None,
            evidence: Evidence::of_files(vec![(SIGNATURE, signature.unwrap_or_default())]),
        })
    }

    /// The package of the kernel, if a list has it; the error says what is wrong with the
    /// list.
    fn listed(&self, list: &[u8], directory: &str) -> Result<Option<Package>, String> {
        let mut text = None;
        let found = each(list, MAX_UNPACKED_LIST, |path, content| {
            let is_it = path.ends_with("/desc") && field(content, "NAME") == Some(&self.package);
            if is_it {
                text = Some(content.to_owned());
            }
            is_it
        });
        found.map_err(|error| error.to_string())?;
        let Some(text) = text else { return Ok(None) };
        let package = self.package_in(&text, directory);
        let name = &self.package;
        package
            .map(Some)
            .ok_or_else(|| format!("one that says of {name} what cannot be"))
    }

    /// The package that a text of the list is about.
    fn package_in(&self, text: &str, directory: &str) -> Option<Package> {
        let version = field(text, "VERSION").filter(|version| is_plain(version))?;
        let file = field(text, "FILENAME")?;
        let start = format!("{}-{version}-{}.pkg.tar", self.package, HOST.name);
        let is_packing = |end: &str| ["", ".gz", ".xz", ".zst"].contains(&end);
        file.strip_prefix(&start).filter(|end| is_packing(end))?;
        let file = FileSum {
            path: format!("{directory}/{file}"),
            size: field(text, "CSIZE")?.parse().ok()?,
            sha256: parse_sha256(field(text, "SHA256SUM")?)?,
        };
        Some(Package::alone(&self.package, version, file))
    }

    /// Who signed a package, if it is the one that is listed.
    pub(super) fn check_package(
        &self,
        source: &str,
        archives: &Archives,
        evidence: &Evidence,
        package: &Package,
        file: &Path,
    ) -> Result<Signer, ObtainError> {
        let expected = format!(
            "{} {}, signed by a key of {source}",
            package.name, package.version
        );
        let mut kept = evidence.release.iter();
        let signature = kept.find(|(name, _)| *name == SIGNATURE);
        let signature = signature.map_or(&[][..], |(_, bytes)| bytes);
        let checked = read(file, MAX_PACKAGE)
            .and_then(|bytes| self.verify(archives.keyring(), &bytes, signature))
            .and_then(|(version, signer)| match version == package.version {
                true => Ok(signer),
                false => Err(format!("{} {version}", self.package)),
            });
        checked.map_err(|found| ObtainError::verification(&package.file.path, expected, found))
    }

    /// The version of the kernel in a package, and who signed it.
    fn verify(
        &self,
        keyring: &Keyring,
        bytes: &[u8],
        signature: &[u8],
    ) -> Result<(String, Signer), String> {
        let (signer, _) = keyring.verify_packet(signature, bytes, &[], Timestamp::now())?;
        let info = info_in(bytes).map_err(|error| error.to_string())?;
        match info.name == self.package && info.arch == HOST.name {
            true => Ok((info.version, signer)),
            false => Err(format!("{} {} of {}", info.name, info.version, info.arch)),
        }
    }

    /// As [`crate::sources::Source::vouched`]: by the signature that is kept beside it.
    pub(super) fn vouched(
        &self,
        keyring: &Keyring,
        dir: &Path,
        package: &Path,
    ) -> Result<Vec<(String, String)>, String> {
        let signature = read(&dir.join(SIGNATURE), MAX_SIGNATURE)?;
        let bytes = read(package, MAX_PACKAGE)?;
        let (version, _) = self.verify(keyring, &bytes, &signature)?;
        Ok(vec![(version, Hasher::of(&bytes))])
    }
}

/// What `.PKGINFO` says of a package, lines `name = value`.
fn info_in(package: &[u8]) -> Result<PackageInfo, PackageError> {
    let mut info = None;
    each(package, MAX_UNPACKED, |path, content| {
        let is_it = path == ".PKGINFO";
        if is_it {
            let value = |name: &str| {
                let mut lines = content.lines().filter_map(|line| line.split_once(" = "));
                let found = lines.find(|(key, _)| *key == name);
                found.map_or(String::new(), |(_, value)| value.trim().to_owned())
            };
            info = Some(PackageInfo {
                name: value("pkgname"),
                version: value("pkgver"),
                arch: value("arch"),
            });
        }
        is_it
    })?;
    info.ok_or_else(|| malformed("a package without .PKGINFO"))
}

/// Shows the small texts in an archive, until one is the one that is looked for.
fn each(
    archive: &[u8],
    limit: u64,
    mut is_it: impl FnMut(&str, &str) -> bool,
) -> Result<(), PackageError> {
    tar::each(unpack(archive)?, limit, &mut |member| {
        if member.size > MAX_TEXT || !is_text(&member.path) {
            return Ok(ControlFlow::Continue(()));
        }
        let content = member.read(MAX_TEXT, "a text about a package")?;
        Ok(
            match is_it(&member.path, &String::from_utf8_lossy(&content)) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            },
        )
    })
}

fn is_text(path: &str) -> bool {
    path.ends_with("/desc") || path == ".PKGINFO"
}

/// The first value of a field in a text of the list: the line after `%NAME%`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let head = format!("%{name}%");
    let mut lines = text.lines().skip_while(|line| *line != head);
    lines.next()?;
    lines.next().map(str::trim)
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    read_bytes(path, limit).map_err(|error| error.to_string())
}

/// Reads any bytes as a list and as a package.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_any(bytes: &[u8]) {
    let kind = PacmanKind {
        directory: "day".to_owned(),
        list: "core.db".to_owned(),
        package: "linux".to_owned(),
    };
    if let Ok(Some(package)) = kind.listed(bytes, "day") {
        assert!(is_plain(&package.version), "{package:?}");
        let file = package
            .file
            .path
            .strip_prefix("day/")
            .expect("its directory");
        assert!(!file.contains('/'), "{package:?}");
    }
    let _ = info_in(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESC: &str = "%FILENAME%\nlinux-6.12.1.arch1-1-x86_64.pkg.tar.zst\n\n%NAME%\nlinux\n\n\
        %VERSION%\n6.12.1.arch1-1\n\n%CSIZE%\n140000000\n\n%SHA256SUM%\n\
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n\n%ARCH%\nx86_64\n";

    fn kind() -> PacmanKind {
        PacmanKind {
            directory: "{day}/core/os/{arch}".to_owned(),
            list: "core.db".to_owned(),
            package: "linux".to_owned(),
        }
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        assert!(day("2024-11-25").is_some());
        for text in [
            "2024-11-31",
            "20241125",
            "2024-11-25T00",
            "2024/11/25",
            "last",
            "",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_of_the_list_names_a_file_beside_it() {
        let package = kind().package_in(DESC, "at").unwrap();
        assert_eq!(package.version, "6.12.1.arch1-1");
        assert_eq!(
            package.file.path,
            "at/linux-6.12.1.arch1-1-x86_64.pkg.tar.zst"
        );
        assert_eq!(package.file.size, 140_000_000);
        for (from, to) in [
            ("linux-6.12.1", "../linux-6.12.1"),
            (".pkg.tar.zst", ".pkg.tar.zst/../x"),
            ("%VERSION%\n6", "%VERSION%\n../6"),
            ("140000000", "-1"),
            ("%SHA256SUM%\na", "%SHA256SUM%\ng"),
            ("%FILENAME%", "%FILE%"),
        ] {
            let altered = DESC.replacen(from, to, 1);
            assert_eq!(kind().package_in(&altered, "at"), None, "{from}");
        }
    }
}
