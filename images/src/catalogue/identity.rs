//! Which kernel it is, wherever it comes from.

use std::fmt;

use guest::X86_64;
use serde::{Deserialize, Serialize};

/// Who published a kernel, which version it has there, and for which architecture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Who published it.
    pub vendor: Vendor,
    /// The vendor's version of it, such as `3.10.11-1`.
    pub version: String,
    /// What the kernel calls the architecture, such as `x86_64`.
    pub arch: String,
}

impl Identity {
    /// A kernel of the vendor and architecture that files need not name.
    #[must_use]
    pub fn of_default_vendor(version: &str) -> Self {
        Self {
            vendor: Vendor::default(),
            version: version.to_owned(),
            arch: default_arch(),
        }
    }

    /// The same kernel in another version.
    pub(crate) fn with_version(&self, version: &str) -> Self {
        Self {
            version: version.to_owned(),
            ..self.clone()
        }
    }

    /// The name of its directory in the cache: the version alone, where vendor and
    /// architecture need not be named.
    pub(crate) fn dir_name(&self) -> String {
        match self.vendor.is_default() && is_default_arch(&self.arch) {
            true => self.version.clone(),
            false => format!("{}_{}_{}", self.vendor, self.version, self.arch),
        }
    }

    /// The identity that a directory of the cache is named after.
    pub(crate) fn of_dir_name(name: &str) -> Self {
        let named = || {
            let (vendor, rest) = name.split_once('_')?;
            let (version, arch) = rest.split_once('_')?;
            Some(Self {
                vendor: Vendor::ALL.into_iter().find(|it| it.name() == vendor)?,
                version: version.to_owned(),
                arch: arch.to_owned(),
            })
        };
        named().unwrap_or_else(|| Self::of_default_vendor(name))
    }
}

/// Who publishes kernels. Files that name no vendor mean Debian.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Vendor {
    /// Debian.
    #[default]
    Debian,
}

impl Vendor {
    /// All there are.
    pub const ALL: [Self; 1] = [Self::Debian];

    /// The word for it in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Debian => "debian",
        }
    }

    /// Whether a file may leave it out.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The architecture that is meant where a file names none.
pub(crate) fn default_arch() -> String {
    X86_64.name.to_owned()
}

/// Whether a file may leave the architecture out.
pub(crate) fn is_default_arch(arch: &str) -> bool {
    arch == X86_64.name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_named_after_one_kernel() {
        let usual = Identity::of_default_vendor("6.1.176-1");
        let other = Identity {
            arch: "aarch64".to_owned(),
            ..usual.clone()
        };
        for (identity, name) in [(usual, "6.1.176-1"), (other, "debian_6.1.176-1_aarch64")] {
            assert_eq!(identity.dir_name(), name);
            assert_eq!(Identity::of_dir_name(name), identity);
        }
    }
}
