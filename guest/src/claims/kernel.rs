//! Which kernel is running.

use std::fmt;
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::{ParseVersionError, Version};

/// A running kernel as uname(2) tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
pub struct RunningKernel {
    /// `uname -r`, such as `6.1.0-50-cloud-amd64`.
    pub release: String,
    /// `uname -v`, such as `#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)`.
    pub version: String,
}

/// Whose kernel it is, as far as its version number can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lineage {
    /// Follows the kernel's own releases: its version says what it does.
    Upstream,
    /// A vendor's, who backports features: its version number alone says
    /// nothing. Holds the vendor's mark, such as `el7`.
    Vendor(String),
}

impl RunningKernel {
    /// The kernel that runs this program, as `/proc` tells.
    ///
    /// # Errors
    /// Where `/proc` is not mounted; the message has the path.
    pub fn running() -> io::Result<Self> {
        let read = |name| {
            let path = format!("/proc/sys/kernel/{name}");
            fs::read_to_string(&path)
                .map(|text| text.trim_end().to_owned())
                .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))
        };
        Ok(Self {
            release: read("osrelease")?,
            version: read("version")?,
        })
    }

    /// The version that this kernel follows.
    ///
    /// `uname -r` of Debian's kernels names the ABI, not the point release
    /// (`6.1.0-50` is 6.1.176), which stands in `uname -v` instead.
    ///
    /// # Errors
    /// Where neither begins with a version.
    pub fn follows(&self) -> Result<Version, ParseVersionError> {
        match self.debian_version() {
            Some(debian) => Version::leading(debian).map(|(version, _)| version),
            None => Version::leading(&self.release).map(|(version, _)| version),
        }
    }

    /// Whose kernel it is.
    #[must_use]
    pub fn lineage(&self) -> Lineage {
        if self.debian_version().is_some() {
            return Lineage::Upstream;
        }
        if self.version.contains("-Ubuntu") {
            return Lineage::Vendor("ubuntu".to_owned());
        }
        let mut words = self.release.split(['-', '.', '_', '+']);
        match words.find(|word| is_vendor_mark(word)) {
            Some(mark) => Lineage::Vendor(mark.to_owned()),
            None => Lineage::Upstream,
        }
    }

    /// The build of a vendor's kernel: 1062 of `3.10.0-1062.el7.x86_64`, 79 of
    /// `5.15.0-79-generic`.
    #[must_use]
    pub fn build(&self) -> Option<u32> {
        let (_, build) = self.release.split_once('-')?;
        let digits = build.bytes().take_while(u8::is_ascii_digit).count();
        build[..digits].parse().ok()
    }

    /// The version of a kernel that is known to be unmodified: one of Debian's, or
    /// one whose release is nothing but a version.
    #[must_use]
    pub fn unmodified(&self) -> Option<Version> {
        let is_vanilla =
            self.lineage() == Lineage::Upstream && self.release.parse::<Version>().is_ok();
        let is_known = is_vanilla || self.debian_version().is_some();
        self.follows().ok().filter(|_| is_known)
    }

    /// `6.1.176-1` of `#1 SMP Debian 6.1.176-1 (2026-07-02)`.
    fn debian_version(&self) -> Option<&str> {
        let (_, after) = self.version.split_once(" Debian ")?;
        after.split_whitespace().next()
    }
}

impl fmt::Display for RunningKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.release)
    }
}

/// Whether a word of a release string is the mark of a vendor that keeps a
/// version number and backports into it: Red Hat and its rebuilds (`el7`),
/// Oracle (`el8uek`), Amazon (`amzn2023`), Fedora (`fc40`), Azure Linux
/// (`azl3`, `cm2`), openEuler (`oe2203`), Android, ChromeOS, WSL.
fn is_vendor_mark(word: &str) -> bool {
    let numbered = |prefix: &str| {
        word.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    ["el", "amzn", "fc", "azl", "cm", "oe", "android"]
        .iter()
        .any(|prefix| numbered(prefix))
        || matches!(
            word,
            "android" | "chromeos" | "cos" | "gke" | "microsoft" | "WSL2" | "default"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(release: &str, version: &str) -> RunningKernel {
        RunningKernel {
            release: release.to_owned(),
            version: version.to_owned(),
        }
    }

    #[test]
    fn a_vanilla_kernel_is_what_its_release_says() {
        let kernel = kernel("3.10.4", "#1 SMP Sat Nov 1 12:00:00 UTC 2026");
        assert_eq!(kernel.follows(), Ok(Version::point(3, 10, 4)));
        assert_eq!(kernel.lineage(), Lineage::Upstream);
    }

    #[test]
    fn the_point_release_of_a_debian_kernel_is_in_its_version() {
        let kernel = kernel(
            "6.1.0-50-cloud-amd64",
            "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)",
        );
        assert_eq!(kernel.follows(), Ok(Version::point(6, 1, 176)));
        assert_eq!(kernel.lineage(), Lineage::Upstream);
    }

    #[test]
    fn a_vendors_kernel_is_a_lineage_of_its_own() {
        for (release, version, vendor) in [
            (
                "3.10.0-1160.el7.x86_64",
                "#1 SMP Mon Oct 19 16:18:59 UTC 2020",
                "el7",
            ),
            (
                "5.15.0-91-generic",
                "#101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023",
                "ubuntu",
            ),
            (
                "6.1.94-99.176.amzn2023.x86_64",
                "#1 SMP PREEMPT_DYNAMIC",
                "amzn2023",
            ),
            ("5.15.146.1-microsoft-standard-WSL2", "#1 SMP", "microsoft"),
        ] {
            let lineage = kernel(release, version).lineage();
            assert_eq!(lineage, Lineage::Vendor(vendor.to_owned()), "{release}");
        }
    }

    #[test]
    fn debians_kernels_and_plain_versions_are_unmodified() {
        let debian = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)";
        for (release, version, unmodified) in [
            ("3.10.4", "#1 SMP", Some(Version::point(3, 10, 4))),
            (
                "6.1.0-50-cloud-amd64",
                debian,
                Some(Version::point(6, 1, 176)),
            ),
            ("3.10.4-mine", "#1 SMP", None),
            ("6.12.0+", "#1 SMP", None),
            ("5.15.0", "#101-Ubuntu SMP", None),
            ("3.10.0-1160.el7.x86_64", "#1 SMP", None),
        ] {
            assert_eq!(
                kernel(release, version).unmodified(),
                unmodified,
                "{release}"
            );
        }
    }

    #[test]
    fn a_local_version_is_no_vendor() {
        for release in [
            "6.12.0-rc3",
            "6.12.0-rc3-00123-gdeadbeef",
            "3.10.4-mine",
            "6.12.0+",
        ] {
            assert_eq!(
                kernel(release, "#1 SMP").lineage(),
                Lineage::Upstream,
                "{release}"
            );
        }
    }
}
