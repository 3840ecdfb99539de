//! The packages that an index lists, and the choice among those with a kernel.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use deb822_fast::{Deb822, Paragraph};
use flate2::read::MultiGzDecoder;
use guest::{Arch, Version, arch};

use crate::debian::debian_version::{is_plain, newest_by, without_rebuild};
use crate::files::hash::{FileSum, parse_sha256};
use crate::files::read::{Limited, open_regular, unxz};

/// A stanza of an index is never that large.
const MAX_STANZA: usize = 1 << 20;

/// The index of a suite has some 60 MB, unpacked.
pub(crate) const MAX_INDEX: u64 = 512 << 20;

/// The text of an index.
pub(crate) type IndexText = BufReader<Limited<Box<dyn Read>>>;

/// A package, as an index lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Debian version.
    pub(crate) version: String,
    /// Path from the archive's root, size and hash of the `.deb`.
    pub(crate) file: FileSum,
    /// `Pre-Depends` and `Depends`.
    pub(crate) depends: String,
    pub(crate) provides: String,
}

impl Package {
    /// A package of which no index tells what it depends on.
    pub(crate) fn alone(name: &str, version: &str, file: FileSum) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            file,
            depends: String::new(),
            provides: String::new(),
        }
    }

    /// The architecture and flavour of the kernel in a package of this name, if it is one
    /// that fits.
    pub(crate) fn flavour_of(name: &str) -> Option<(&'static Arch, &'static str)> {
        // `linux-binary-*` holds the image since 6.19; `linux-image-*` did before.
        let rest = name
            .strip_prefix("linux-image-")
            .or_else(|| name.strip_prefix("linux-binary-"))?;
        let rest = rest.strip_suffix("-unsigned").unwrap_or(rest);
        if !rest.starts_with(|first: char| first.is_ascii_digit()) || rest.contains("-rt-") {
            return None;
        }
        let of_arch = |arch: &'static Arch| {
            let flavours = arch.debian_flavours.into_iter();
            flavours.map(move |flavour| (arch, flavour))
        };
        let is_it = |(_, flavour): &(&Arch, &str)| {
            (rest.strip_suffix(flavour)).is_some_and(|abi| abi.ends_with('-'))
        };
        arch::ALL.into_iter().flat_map(of_arch).find(is_it)
    }

    /// None of a package that points out of the archive.
    fn parse(stanza: &Paragraph) -> Option<Self> {
        let field = |name| stanza.get(name).unwrap_or_default().to_owned();
        let package = Self {
            name: field("Package"),
            version: field("Version"),
            file: FileSum {
                path: stanza.get("Filename")?.to_owned(),
                size: stanza.get("Size")?.parse().ok()?,
                sha256: parse_sha256(stanza.get("SHA256")?)?,
            },
            depends: [field("Pre-Depends"), field("Depends")].join(", "),
            provides: field("Provides"),
        };
        (is_plain(&package.version) && is_relative(&package.file.path)).then_some(package)
    }
}

/// Whether a path stays below the archive's root.
pub(crate) fn is_relative(path: &str) -> bool {
    !path.starts_with('/') && !path.split('/').any(|part| part == "..")
}

/// The text of an index whose name says how it is compressed, up to so many bytes.
pub(crate) fn open_index(path: &Path, name: &str, limit: u64) -> io::Result<IndexText> {
    let file = open_regular(path)?;
    let unpacked: Box<dyn Read> = match name.ends_with(".xz") {
        true => Box::new(unxz(file)?),
        false => Box::new(MultiGzDecoder::new(file)),
    };
    let unpacked = Limited::new(unpacked, limit);
    Ok(BufReader::with_capacity(1 << 16, unpacked))
}

/// The packages that an index (`Packages`) lists under the names that are wanted.
pub(crate) fn read_index(
    mut index: impl BufRead,
    wanted: impl Fn(&str) -> bool,
) -> io::Result<Vec<Package>> {
    let mut packages = Vec::new();
    let mut stanza = String::new();
    loop {
        let before = stanza.len();
        let end = index.read_line(&mut stanza)? == 0;
        if stanza.len() > MAX_STANZA {
            return Err(io::Error::other("a stanza of more than 1 MiB"));
        }
        if !end && stanza.len() > before + 1 {
            continue;
        }
        // There are 60,000 stanzas; only a few are worth parsing.
        let name = (stanza.lines()).find_map(|line| line.strip_prefix("Package: "));
        if name.is_some_and(|name| wanted(name.trim())) {
            let parsed: Deb822 = stanza.parse().map_err(io::Error::other)?;
            packages.extend(parsed.iter().filter_map(Package::parse));
        }
        stanza.clear();
        if end {
            return Ok(packages);
        }
    }
}

/// The packages with a kernel of an architecture that fits.
pub(crate) fn read_kernels(index: impl BufRead, arch: &Arch) -> io::Result<Vec<Package>> {
    let fits = |name: &str| Package::flavour_of(name).is_some_and(|(of, _)| of == arch);
    let mut packages = read_index(index, fits)?;
    // What depends on an image has none itself: the meta packages, and the
    // `linux-image-*` beside a `linux-binary-*`.
    let needs = |package: &Package, what| package.depends.contains(what);
    packages.retain(|it| !needs(it, "linux-image-") && !needs(it, "linux-binary-"));
    Ok(packages)
}

/// The best package of exactly this version; a rebuild (`+b1`) is the same version.
pub(crate) fn exactly<'a>(packages: &'a [Package], version: &str) -> Option<&'a Package> {
    let wanted = without_rebuild(version);
    best(packages, |version| without_rebuild(version) == wanted)
}

/// The best package of the newest version within a series.
pub(crate) fn newest(packages: &[Package], series: Version) -> Option<&Package> {
    let is_of_series =
        |it: &&Package| Version::leading(&it.version).is_ok_and(|(it, _)| it.series() == series);
    let newest = newest_by(packages.iter().filter(is_of_series), |it| &it.version)?;
    best(packages, |version| version == newest.version)
}

/// The newest of the packages with a name.
pub(crate) fn newest_of<'a>(packages: &'a [Package], name: &str) -> Option<&'a Package> {
    let of_name = packages.iter().filter(|package| package.name == name);
    newest_by(of_name, |package| &package.version)
}

fn best(packages: &[Package], is_wanted: impl Fn(&str) -> bool) -> Option<&Package> {
    let wanted = packages.iter().filter(|it| is_wanted(&it.version));
    wanted.min_by_key(|package| {
        let rank = Package::flavour_of(&package.name).and_then(|(arch, flavour)| {
            let mut flavours = arch.debian_flavours.iter();
            flavours.position(|each| *each == flavour)
        });
        // Two of the same flavour differ in nothing that matters; the name makes the
        // choice repeatable.
        (rank, package.name.ends_with("-unsigned"), &package.name)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::debian::debian_version::is_newer;

    fn index(packages: &[(&str, &str, &str)]) -> Vec<Package> {
        let stanzas = packages.iter().map(|(name, version, depends)| {
            format!(
                "Package: {name}\nVersion: {version}\nDepends: {depends}\n\
                 Filename: pool/main/l/linux/{name}_{version}_amd64.deb\nSize: 9\nSHA256: {}\n",
                "0".repeat(64)
            )
        });
        let text = stanzas.collect::<Vec<_>>().join("\n");
        read_kernels(text.as_bytes(), arch::HOST).unwrap()
    }

    #[test]
    fn names_of_kernels_are_told_from_others() {
        for (name, flavour) in [
            ("linux-image-3.10-2-amd64", Some("amd64")),
            ("linux-image-6.1.0-50-cloud-amd64", Some("cloud-amd64")),
            (
                "linux-image-6.1.0-50-cloud-amd64-unsigned",
                Some("cloud-amd64"),
            ),
            ("linux-binary-7.3.4+deb13-cloud-amd64", Some("cloud-amd64")),
            ("linux-image-6.1.0-50-cloud-arm64", Some("cloud-arm64")),
            ("linux-image-3.10-2-rt-amd64", None),
            ("linux-image-6.1.0-50-amd64-dbg", None),
            ("linux-image-6.12-amd64-signed-template", None),
            ("linux-image-amd64", None),
            ("linux-image-3.2.0-4-486", None),
            ("linux-headers-6.1.0-50-amd64", None),
        ] {
            let found = Package::flavour_of(name).map(|(_, flavour)| flavour);
            assert_eq!(found, flavour, "{name}");
        }
    }

    #[test]
    fn the_cloud_flavour_that_is_signed_is_preferred() {
        let packages = index(&[
            ("linux-image-6.1.0-50-amd64", "6.1.176-1", "kmod"),
            (
                "linux-image-6.1.0-50-cloud-amd64-unsigned",
                "6.1.176-1",
                "kmod",
            ),
            ("linux-image-6.1.0-50-cloud-amd64", "6.1.176-1", "kmod"),
        ]);
        let chosen = exactly(&packages, "6.1.176-1").unwrap();
        assert_eq!(chosen.name, "linux-image-6.1.0-50-cloud-amd64");
    }

    #[test]
    fn a_package_that_depends_on_an_image_is_no_kernel() {
        let packages = index(&[
            (
                "linux-image-6.12-amd64",
                "6.12.117-1",
                "linux-image-6.12.117-amd64 (= 1)",
            ),
            (
                "linux-image-7.3.4+deb13-amd64",
                "7.3.4-1",
                "kmod, linux-binary-7.3.4+deb13-amd64",
            ),
            ("linux-binary-7.3.4+deb13-amd64", "7.3.4-1", "linux-base"),
        ]);
        assert_eq!(packages.len(), 1);
        assert_eq!(
            exactly(&packages, "7.3.4-1").unwrap().name,
            "linux-binary-7.3.4+deb13-amd64"
        );
    }

    #[test]
    fn a_rebuild_is_the_same_version() {
        let packages = index(&[("linux-image-3.10-2-amd64", "3.10.7-1+b1", "kmod")]);
        assert!(exactly(&packages, "3.10.7-1").is_some());
        assert!(exactly(&packages, "3.10.7-10").is_none());
        let packages = index(&[("linux-image-6.1-1-amd64", "6.1.1-1+bpo1", "kmod")]);
        assert!(exactly(&packages, "6.1.1-1").is_none());
    }

    #[test]
    fn the_newest_is_newest_as_debian_orders_it() {
        let packages = index(&[
            ("linux-image-6.12.9-amd64", "6.12.9-1", "kmod"),
            ("linux-image-6.12.10-amd64", "6.12.10-1", "kmod"),
            ("linux-image-6.12.10-1-amd64", "6.12.10-1~bpo12+1", "kmod"),
            ("linux-image-6.1-cloud-amd64", "6.1.200-1", "kmod"),
        ]);
        assert_eq!(
            newest(&packages, Version::new(6, 12)).unwrap().version,
            "6.12.10-1"
        );
        assert_eq!(newest(&packages, Version::new(6, 13)), None);
        assert!(is_newer("7.3~rc7-1", "7.3~rc6-1") && !is_newer("7.3~rc7-1", "7.3-1"));
    }

    #[test]
    fn a_stanza_that_points_elsewhere_is_left_out() {
        let stanza = |path: &str, version: &str| {
            format!(
                "Package: linux-image-6.1-amd64\nVersion: {version}\nFilename: {path}\nSize: 9\n\
                 SHA256: {}\n",
                "0".repeat(64)
            )
        };
        let read = |path, version| {
            read_kernels(stanza(path, version).as_bytes(), arch::HOST)
                .unwrap()
                .len()
        };
        assert_eq!(read("pool/a.deb", "6.1.1-1"), 1);
        assert_eq!(read("pool/../../a.deb", "6.1.1-1"), 0);
        assert_eq!(read("/etc/a.deb", "6.1.1-1"), 0);
        assert_eq!(read("pool/a.deb", "6.1/../../x"), 0);
    }

    proptest! {
        #[test]
        fn a_kernel_is_found_among_other_packages(
            versions in proptest::collection::btree_set((0..9_u16, 0..9_u16), 1..9),
            others in proptest::collection::vec("[a-z]{1,9}", 9),
            room in 1..200_usize,
        ) {
            let sum = "0".repeat(64);
            let text: String = (versions.iter().zip(&others))
                .map(|((minor, patch), other)| {
                    format!(
                        "Package: {other}\nVersion: 1\n\nPackage: linux-image-6.{minor}.{patch}-amd64\n\
                         Version: 6.{minor}.{patch}-1\nFilename: pool/{other}.deb\nSize: 9\nSHA256: {sum}\n\n"
                    )
                })
                .collect();
            // However it comes out of its compression.
            let reader = io::BufReader::with_capacity(room, text.as_bytes());
            let packages = read_kernels(reader, arch::HOST).unwrap();
            prop_assert_eq!(packages.len(), versions.len());
            for (minor, patch) in &versions {
                let version = format!("6.{minor}.{patch}-1");
                prop_assert_eq!(&exactly(&packages, &version).unwrap().version, &version);
                let last = versions.range((*minor, 0)..=(*minor, 9)).next_back().unwrap();
                let newest = newest(&packages, Version::new(6, *minor)).unwrap();
                prop_assert_eq!(&newest.version, &format!("6.{}.{}-1", last.0, last.1));
            }
        }
    }
}
