//! Vendors' kernels: the sources of `sources.toml`, and a reader for each kind of them.
//! May use: rpm, debian, package, http, messages, files.
//!
//! A source of a known kind is an entry of that file. Another kind is a variant of
//! [`SourceKind`] and a file beside this one.

mod apt;
pub(crate) mod checksums;
mod key_rings;
pub(crate) mod pacman;
mod repomd;
mod source;

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use guest::Version;
use serde::Deserialize;

use crate::files::read::read_text;
use crate::sources::source::SourceKind;

pub(crate) use crate::sources::source::{Source, SourceOffer};

const BUILT_IN: &str = include_str!("../../sources.toml");
/// Names a file with sources of the user.
const VARIABLE: &str = "STRATA_SOURCES";

/// The size of a file that only its hash is known of.
pub(crate) const UNKNOWN_SIZE: u64 = u64::MAX;

/// All sources of vendors' kernels.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    all: Vec<Source>,
    groups: Vec<KernelGroup>,
}

/// A word for several kernels.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KernelGroup {
    name: String,
    /// As a command line names them.
    kernels: Vec<String>,
}

/// A kernel of a vendor, as a person asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorKernel {
    /// Its source, such as `ubuntu`.
    pub source: String,
    /// What is asked of it: `22.04`, `5.15.0-79.86-generic`, `6.12.1`.
    pub wanted: String,
    /// The version of the kernel, as far as its name tells: at least the series, or nothing.
    pub version: Option<Version>,
    /// Whether the archive says which version is meant, and may say another tomorrow.
    pub moves: bool,
    /// Whose claims hold of it, such as `el7`; none of what is as kernel.org's.
    pub lineage: Option<String>,
}

impl VendorKernel {
    /// What selects it on a command line: `ubuntu/22.04`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.source, self.wanted)
    }
}

/// A name that a source can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKernel {
    /// Such as `ubuntu/22.04`, or `mainline/VERSION` where any version may be asked for.
    pub name: String,
    /// The source.
    pub source: String,
    /// The suite in its archive, if that has suites.
    pub suite: Option<String>,
    /// What is to be known of it: that it is `unseen`, or has no key; empty otherwise.
    pub remark: String,
}

impl Sources {
    /// The sources that come with this crate, `sources.toml`.
    ///
    /// # Panics
    /// Where `sources.toml` is malformed, which a test of this crate rules out.
    #[must_use]
    pub fn builtin() -> Self {
        Self::parse(&[]).expect("the built-in sources.toml is valid")
    }

    /// Those that are built in, and those of the file that `STRATA_SOURCES` names.
    ///
    /// # Errors
    /// Where that file cannot be read, or is malformed.
    pub fn of_user() -> Result<Self> {
        match env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            None => Ok(Self::builtin()),
            Some(path) => Self::of_file(&PathBuf::from(path)),
        }
    }

    /// Those that are built in, and those of a file. Key rings in it are relative to its
    /// directory.
    ///
    /// # Errors
    /// Where it cannot be read, or is malformed.
    pub fn of_file(path: &Path) -> Result<Self> {
        let context = || format!("cannot use the sources in {}", path.display());
        let text = read_text(path).with_context(context)?;
        let dir = path.parent().unwrap_or(Path::new("."));
        Self::parse(&[(&text, dir)]).with_context(context)
    }

    fn parse(files: &[(&str, &Path)]) -> Result<Self> {
        let SourcesFile {
            source: mut all,
            group: mut groups,
        } = SourcesFile::parse(BUILT_IN)?;
        for (text, dir) in files {
            let file = SourcesFile::parse(text)?;
            groups.retain(|old| file.group.iter().all(|new| new.name != old.name));
            groups.extend(file.group);
            for mut source in file.source {
                key_rings::make_absolute(&mut source, dir);
                let same = |other: &&mut toml::Table| other.get("name") == source.get("name");
                match all.iter_mut().find(same) {
                    Some(known) => known.extend(source),
                    None => all.push(source),
                }
            }
        }
        let all: Vec<Source> = (all.into_iter())
            .map(|table| table.try_into().context("a source is malformed"))
            .collect::<Result<_>>()?;
        for source in &all {
            source.check()?;
        }
        Ok(Self { all, groups })
    }

    /// The names of the kernels in a group.
    pub(crate) fn group(&self, name: &str) -> Option<&[String]> {
        let group = self.groups.iter().find(|group| group.name == name)?;
        Some(&group.kernels)
    }

    /// The source of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Source> {
        self.all.iter().find(|source| source.name == name)
    }

    /// The kernels that a text asks for: one, or those of a range of point releases,
    /// `mainline/6.12..6.12.20`; as [`Sources::kernel`].
    pub(crate) fn kernels(&self, text: &str) -> Option<Result<Vec<VendorKernel>, Vec<String>>> {
        let in_range = || {
            let (name, wanted) = text.split_once('/')?;
            let source = self.named(name)?;
            let SourceKind::Checksums(_) = source.kind else {
                return None;
            };
            let all = checksums::range(wanted)?;
            all.iter().map(|wanted| source.kernel(wanted)).collect()
        };
        match in_range() {
            Some(kernels) => Some(Ok(kernels)),
            None => Some(self.kernel(text)?.map(|kernel| vec![kernel])),
        }
    }

    /// The kernel that a text such as `ubuntu/22.04` asks for; none where it begins with
    /// no source's name. The error has the names that may be meant.
    fn kernel(&self, text: &str) -> Option<Result<VendorKernel, Vec<String>>> {
        let Some((name, wanted)) = text.split_once('/') else {
            return self.in_short(text).map(Ok);
        };
        let source = self.named(name)?;
        Some(source.kernel(wanted).ok_or_else(|| source.names()))
    }

    /// The release that is meant by `el7`, for short.
    fn in_short(&self, text: &str) -> Option<VendorKernel> {
        self.all.iter().find_map(|source| {
            let wanted = text.strip_prefix(source.short.as_deref()?)?;
            source.kernel(wanted).filter(|kernel| kernel.moves)
        })
    }

    /// The names that can be asked for, in the order of the file.
    #[must_use]
    pub fn listed(&self) -> Vec<ListedKernel> {
        let of = |source: &Source| {
            let suites = match &source.kind {
                SourceKind::Apt(kind) => kind.suites().map(Some).collect(),
                SourceKind::Checksums(_) | SourceKind::Pacman(_) => vec![None],
                SourceKind::Repomd(kind) => kind.names().into_iter().map(|_| None).collect(),
            };
            let (remark, name) = (source.remark(), source.name.clone());
            let all = source.names().into_iter().zip(suites);
            all.map(move |(listed, suite)| ListedKernel {
                name: listed,
                source: name.clone(),
                suite,
                remark: remark.clone(),
            })
            .collect::<Vec<_>>()
        };
        self.all.iter().flat_map(of).collect()
    }
}

/// What is in such a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourcesFile {
    #[serde(default)]
    source: Vec<toml::Table>,
    #[serde(default)]
    group: Vec<KernelGroup>,
}

impl SourcesFile {
    fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_user(text: &str) -> Result<Sources> {
        Sources::parse(&[(text, Path::new("/user"))])
    }

    #[test]
    fn each_name_asks_one_source() {
        let sources = Sources::builtin();
        let kernel = |text| sources.kernel(text).unwrap().unwrap();
        let jammy = kernel("ubuntu/22.04");
        assert_eq!(
            (jammy.name(), jammy.version),
            ("ubuntu/22.04".to_owned(), Some(Version::new(5, 15)))
        );
        assert!(jammy.moves && kernel("ubuntu/22.04-aws").moves);
        let exact = kernel("ubuntu/5.15.0-79.86-generic");
        assert_eq!(
            (exact.version, exact.moves),
            (Some(Version::new(5, 15)), false)
        );
        assert_eq!(
            kernel("mainline/6.12.1").version,
            Some(Version::point(6, 12, 1))
        );
        assert_eq!(kernel("mainline/6.12.0").name(), "mainline/6.12");
        for unknown in [
            "ubuntu/21.10",
            "ubuntu/22.04-lowlatency",
            "ubuntu/",
            "mainline/x/../y",
        ] {
            assert!(sources.kernel(unknown).unwrap().is_err(), "{unknown}");
        }
        for path in [
            "./ubuntu/22.04",
            "/ubuntu/22.04",
            "arch/x86/boot/bzImage",
            "6.1",
        ] {
            assert!(sources.kernel(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_release_has_a_name_for_short_and_a_version_its_lineage() {
        let sources = Sources::builtin();
        let kernel = |text| sources.kernel(text).unwrap().unwrap();
        for (short, name, series, lineage) in [
            ("el7", "centos/7", (3, 10), "el7"),
            ("al2023", "amazon/2023", (6, 1), "amzn2023"),
            ("fc40", "fedora/40", (6, 8), "fc40"),
            ("ol8", "oracle/8", (4, 18), "el8"),
        ] {
            assert_eq!(kernel(short), kernel(name));
            let version = Some(Version::new(series.0, series.1));
            let lineage = Some(lineage.to_owned());
            assert_eq!(
                (kernel(short).version, kernel(short).lineage),
                (version, lineage)
            );
        }
        let exact = kernel("alma/5.14.0-427.13.1.el9_4");
        assert_eq!(
            (exact.moves, exact.lineage.as_deref()),
            (false, Some("el9"))
        );
        assert_eq!(kernel("ubuntu/22.04").lineage.as_deref(), Some("ubuntu"));
        assert_eq!(kernel("mainline/6.12.1").lineage, None);
        for unknown in [
            "alma/7",
            "alma/9.",
            "alma/9.x",
            "alma/5.14.0-427.el7",
            "centos/9.4",
        ] {
            assert!(sources.kernel(unknown).unwrap().is_err(), "{unknown}");
        }
        for word in ["el77", "el", "el3.10.0-1160.el7", "xy"] {
            assert!(sources.kernel(word).is_none(), "{word}");
        }
    }

    #[test]
    fn the_keys_of_each_source_are_in_its_key_rings() {
        for source in &Sources::builtin().all {
            if !source.key_rings.is_empty() {
                let keyring = source.keyring().unwrap();
                assert_eq!(
                    format!("{keyring:?}"),
                    format!("Keyring({} keys)", source.keys.len())
                );
            }
        }
    }

    #[test]
    fn what_is_not_seen_live_says_so() {
        let listed = Sources::builtin().listed();
        let remark = |name: &str| {
            let listed = listed.iter().find(|listed| listed.name == name);
            listed.unwrap().remark.clone()
        };
        assert_eq!(remark("ubuntu/22.04"), "unseen");
        assert_eq!(remark("mainline/VERSION"), "unseen, no key is committed");
        assert_eq!(remark("centos/7"), "unseen");
    }

    #[test]
    fn a_source_without_a_key_says_where_to_put_it() {
        let sources = Sources::builtin();
        let error = sources.named("mainline").unwrap().keyring().unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("no key is committed: put the key 60AA7B6F"),
            "{text}"
        );
        assert!(text.contains("STRATA_SOURCES"), "{text}");
    }

    #[test]
    fn the_keys_of_ubuntu_are_those_whose_fingerprints_were_checked() {
        let sources = Sources::builtin();
        let ubuntu = sources.named("ubuntu").unwrap().keyring().unwrap();
        assert_eq!(format!("{ubuntu:?}"), "Keyring(2 keys)");
        let other = of_user(
            "[[source]]\nname = 'ubuntu'\nkeys = ['0000000000000000000000000000000000000000']\n",
        );
        let error = other
            .unwrap()
            .named("ubuntu")
            .unwrap()
            .keyring()
            .unwrap_err();
        assert!(error.to_string().contains("0000000000"), "{error}");
    }

    #[test]
    fn a_file_of_the_user_adds_sources_and_replaces_fields() {
        let sources = of_user(
            "[[source]]\nname = 'ubuntu'\narchives = ['http://m.example.org/ubuntu']\n\
             [[source]]\nname = 'mint'\narchives = ['http://m.example.org/mint']\nkeys = []\n\
             key_rings = ['mint.gpg']\nkind.checksums = { directories = ['v{version}'], \
             images = ['linux-image-{release}'], modules = ['m-{release}'], flavour = 'generic' }\n",
        )
        .unwrap();
        let ubuntu = sources.named("ubuntu").unwrap();
        assert_eq!(ubuntu.archives, ["http://m.example.org/ubuntu"]);
        assert_eq!(ubuntu.key_rings, ["ubuntu-archive-keyring.gpg"]);
        assert_eq!(sources.named("mint").unwrap().key_rings, ["/user/mint.gpg"]);
        assert!(sources.kernel("mint/6.1.1").unwrap().is_ok());
    }

    #[test]
    fn a_malformed_source_is_refused() {
        for field in [
            "nmae = 'x'",
            "archives = ['ftp://m.example.org']",
            "archives = []",
            "keys = ['60aa']",
            "kind.apt = {}",
        ] {
            let text = format!("[[source]]\nname = 'ubuntu'\n{field}\n");
            assert!(of_user(&text).is_err(), "{field}");
        }
        assert!(of_user("[[source]]\nname = 'new'\n").is_err());
    }
}
