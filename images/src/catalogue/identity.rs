//! Which kernel it is, wherever it comes from.

use std::fmt;

use guest::{Arch, HOST, arch};
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

    /// The architecture; the usual one where this Strata does not know the name.
    #[must_use]
    pub fn arch(&self) -> &'static Arch {
        Arch::named(&self.arch).unwrap_or(HOST)
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
        let is_arch = |name: &str| arch::ALL.iter().any(|arch| arch.name == name);
        let named = || {
            let (vendor, rest) = name.split_once('_')?;
            // Versions of RPM packages have underscores, and so has x86_64.
            let mut parts = rest.match_indices('_').map(|(at, _)| rest.split_at(at));
            let (version, arch) = parts.find(|(_, arch)| is_arch(&arch[1..]))?;
            Some(Self {
                vendor: Vendor::named(vendor)?,
                version: version.to_owned(),
                arch: arch[1..].to_owned(),
            })
        };
        named().unwrap_or_else(|| Self::of_default_vendor(name))
    }
}

/// Who publishes kernels: Debian, or a source of `sources.toml`. Files that name no
/// vendor mean Debian.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vendor(String);

impl Vendor {
    /// The vendor of this name; none where it is no name: small letters, digits and
    /// hyphens, and a letter first.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let named = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(is_plain);
        named.then(|| Self(name.to_owned()))
    }

    /// The word for it in files.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether a file may leave it out.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Vendor {
    fn default() -> Self {
        Self("debian".to_owned())
    }
}

impl TryFrom<String> for Vendor {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::named(&name).ok_or_else(|| format!("{name:?} is no name of a vendor"))
    }
}

impl From<Vendor> for String {
    fn from(vendor: Vendor) -> Self {
        vendor.0
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The architecture that is meant where a file names none.
pub(crate) fn default_arch() -> String {
    HOST.name.to_owned()
}

/// Whether a file may leave the architecture out.
pub(crate) fn is_default_arch(arch: &str) -> bool {
    arch == HOST.name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_has_a_name_that_no_path_can_be() {
        for name in ["", ".", "..", "a/b", "a_b", "Ubuntu", "7", "a b"] {
            assert_eq!(Vendor::named(name), None, "{name:?}");
        }
        assert_eq!(Vendor::named("el-7").unwrap().name(), "el-7");
    }

    #[test]
    fn a_directory_is_named_after_one_kernel() {
        let usual = Identity::of_default_vendor("6.1.176-1");
        let other = Identity {
            arch: "aarch64".to_owned(),
            ..usual.clone()
        };
        let ubuntu = Identity {
            vendor: Vendor::named("ubuntu").unwrap(),
            version: "5.15.0-79.86-generic".to_owned(),
            ..usual.clone()
        };
        let alma = Identity {
            vendor: Vendor::named("alma").unwrap(),
            version: "5.14.0-427.13.1.el9_4".to_owned(),
            ..usual.clone()
        };
        for (identity, name) in [
            (usual, "6.1.176-1"),
            (other, "debian_6.1.176-1_aarch64"),
            (ubuntu, "ubuntu_5.15.0-79.86-generic_x86_64"),
            (alma, "alma_5.14.0-427.13.1.el9_4_x86_64"),
        ] {
            assert_eq!(identity.dir_name(), name);
            assert_eq!(Identity::of_dir_name(name), identity);
        }
    }
}
