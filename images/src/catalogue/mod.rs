//! The kernels that are known by name, and how a person names them. May use: local,
//! sources, debian, messages.

pub(crate) mod identity;
pub(crate) mod kernel_file;
mod select;
pub(crate) mod spec;
pub(crate) mod uploads;

use std::fmt;

use anyhow::{Context, ensure};
use guest::{Arch, HOST, Version};
use jiff::Timestamp;
use serde::Deserialize;

use crate::catalogue::identity::{Identity, Vendor, default_arch};
use crate::catalogue::kernel_file::KernelFile;
use crate::debian::debian_version::is_plain;
use crate::local::LocalKernel;
use crate::sources::{Sources, VendorKernel};

/// Every kernel that can be asked for by name, and where to look for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Base URL of the archive that keeps every version, without a final slash.
    pub snapshot: String,
    /// The suites in which a live mirror is searched for another version of a
    /// series when it no longer has the pinned one.
    pub substitutes: Vec<String>,
    /// Names of the kernels that are selected where none is named.
    #[serde(default)]
    pub default: Vec<String>,
    /// The kernels, in version order.
    #[serde(rename = "kernel")]
    pub entries: Vec<Entry>,
    /// Where vendors' kernels come from.
    #[serde(skip)]
    pub sources: Sources,
}

/// One kernel as a vendor published it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The series, such as `3.10`; before it the architecture, where it is not the usual
    /// one: `arm64/6.1`.
    pub name: String,
    /// Version of the Debian package, such as `3.10.11-1`.
    pub debian: String,
    /// The suite it was published in, such as `unstable` or `trixie-backports`.
    pub suite: String,
    /// When the upload was prepared. It is in its suite from some hours later
    /// until the next upload replaces it.
    pub uploaded: Timestamp,
    /// Who published it.
    #[serde(default)]
    pub vendor: Vendor,
    /// What the kernel calls its architecture. The file does not say it: see [`Self::on`].
    #[serde(skip, default = "default_arch")]
    pub arch: String,
}

/// A kernel to boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// One of the catalogue, to be obtained from an archive.
    Catalogued(Entry),
    /// One of a vendor's source, to be obtained from its archive.
    Vendored(VendorKernel),
    /// An image, a package or a directory on this machine.
    File(KernelFile),
}

impl Catalogue {
    /// The catalogue that comes with this crate, `kernels.toml`.
    ///
    /// # Panics
    /// Where `kernels.toml` is malformed, which a test of this crate rules out.
    #[must_use]
    pub fn builtin() -> Self {
        let catalogue = Self::parse(include_str!("../../kernels.toml"));
        Self {
            sources: Sources::builtin(),
            ..catalogue.expect("the built-in kernels.toml is valid")
        }
    }

    /// The same, with the sources of the file that `STRATA_SOURCES` names.
    ///
    /// # Errors
    /// Where that file cannot be read, or is malformed.
    pub fn of_user() -> anyhow::Result<Self> {
        Ok(Self {
            sources: Sources::of_user()?,
            ..Self::builtin()
        })
    }

    /// Reads a catalogue in the format of `kernels.toml`.
    ///
    /// # Errors
    /// Where the text is not such a file, or an entry contradicts itself.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut catalogue: Self = toml::from_str(text).context("the catalogue is malformed")?;
        for entry in &catalogue.entries {
            let series = entry.name.parse::<Version>();
            let series = series.context("a kernel's name is its series")?;
            let (version, _) = Version::leading(&entry.debian)
                .with_context(|| format!("kernel {} has an odd Debian version", entry.name))?;
            ensure!(
                version.series() == series,
                "kernel {} has a Debian version of another series: {}",
                entry.name,
                entry.debian
            );
            ensure!(
                is_plain(&entry.debian),
                "kernel {} has a Debian version that cannot be the name of a directory: {:?}",
                entry.name,
                entry.debian
            );
        }
        catalogue.entries.sort_by_key(Entry::version);
        for pair in catalogue.entries.windows(2) {
            ensure!(
                pair[0].name != pair[1].name,
                "kernel {} is listed twice",
                pair[0].name
            );
        }
        for name in &catalogue.default {
            let known = catalogue.entries.iter().any(|entry| entry.name == *name);
            ensure!(known, "there is no kernel {name}, which is a default");
        }
        Ok(catalogue)
    }

    /// The kernels that are selected where none is named, in version order.
    #[must_use]
    pub fn default_kernels(&self) -> Vec<Kernel> {
        self.default_kernels_of(HOST)
    }

    /// The same of an architecture.
    #[must_use]
    pub fn default_kernels_of(&self, arch: &'static Arch) -> Vec<Kernel> {
        let entries = self.entries.iter();
        let default = entries.filter(|entry| self.default.contains(&entry.name));
        let of_arch = default.map(|entry| entry.on(arch));
        of_arch.map(Kernel::Catalogued).collect()
    }
}

impl Entry {
    /// Which kernel it is.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            vendor: self.vendor.clone(),
            version: self.debian.clone(),
            arch: self.arch.clone(),
        }
    }

    /// The architecture.
    #[must_use]
    pub fn arch(&self) -> &'static Arch {
        self.identity().arch()
    }

    /// The same upload for another architecture: Debian builds all of them from one source.
    #[must_use]
    pub fn on(&self, arch: &'static Arch) -> Self {
        let (_, series) = self.name.rsplit_once('/').unwrap_or(("", &self.name));
        Self {
            name: match arch.is_default() {
                true => series.to_owned(),
                false => format!("{arch}/{series}"),
            },
            arch: arch.name.to_owned(),
            ..self.clone()
        }
    }

    /// The kernel's own version, which its Debian version begins with.
    ///
    /// # Panics
    /// Where the entry was not made by [`Catalogue::parse`] and its Debian
    /// version begins with no kernel version.
    #[must_use]
    pub fn version(&self) -> Version {
        Version::leading(&self.debian)
            .expect("checked when the catalogue was read")
            .0
    }
}

impl Kernel {
    /// The name of the kernel in a report: its own, or that of its file.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Catalogued(entry) => entry.name.clone(),
            Self::Vendored(kernel) => kernel.name(),
            Self::File(file) => file.name().to_owned(),
        }
    }

    /// The architecture, as far as it is known without opening a package.
    #[must_use]
    pub fn arch(&self) -> Option<&'static Arch> {
        match self {
            Self::Catalogued(entry) => Some(entry.arch()),
            // All that a source names are of this one.
            Self::Vendored(_) => Some(HOST),
            Self::File(path) => LocalKernel::at(path).ok()?.arch(),
        }
    }

    /// What selects exactly this kernel on a command line.
    #[must_use]
    pub fn spec(&self) -> String {
        match self {
            Self::Catalogued(entry) => entry.name.clone(),
            Self::Vendored(kernel) => kernel.name(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn text(entries: &[(String, String)]) -> String {
        let mut text = "snapshot = 'http://archive.example.org'\nsubstitutes = []\n".to_owned();
        if entries.is_empty() {
            text += "kernel = []\n";
        }
        for (name, debian) in entries {
            text += &format!(
                "[[kernel]]\nname = '{name}'\ndebian = '{debian}'\nsuite = 'unstable'\n\
                 uploaded = '2013-01-01T00:00:00Z'\n"
            );
        }
        text
    }

    #[test]
    fn a_version_that_leads_out_of_a_directory_is_refused() {
        for debian in ["3.10.11-1/../../..", "3.10.11/1", "3.10.11-1\u{7f}"] {
            let text = text(&[("3.10".to_owned(), debian.to_owned())]);
            let error = Catalogue::parse(&text).unwrap_err().to_string();
            assert!(!error.is_empty() && !error.contains("twice"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn kernels_in_any_order_are_in_version_order(
            series in proptest::collection::vec((0..30_u16, 0..30_u16), 0..9),
        ) {
            let entry = |&(major, minor): &(u16, u16)| {
                (format!("{major}.{minor}"), format!("{major}.{minor}.7-1"))
            };
            let parsed = Catalogue::parse(&text(&series.iter().map(entry).collect::<Vec<_>>()));
            let sorted: BTreeSet<_> = series.iter().copied().collect();
            // None of them twice.
            prop_assert_eq!(parsed.is_ok(), sorted.len() == series.len());
            if let Ok(catalogue) = parsed {
                let names = catalogue.entries.into_iter().map(|entry| entry.name);
                let expected = sorted.iter().map(|(major, minor)| format!("{major}.{minor}"));
                prop_assert!(names.eq(expected));
            }
        }
    }
}
