//! A kernel that is named but not booted.

use std::fmt;
use std::path::Path;

use guest::{Lineage, RunningKernel, Scenario, VendorClaim, Version};
use images::{Catalogue, LocalKernel, SelectError, Spec};

/// A kernel about which claims may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    name: String,
    kernel: RunningKernel,
}

impl Subject {
    /// The kernels that a spec names: kernels of the catalogue, images by their path,
    /// or a point release that the catalogue does not have, such as 3.10.4.
    ///
    /// # Errors
    /// If there is no such kernel, or the file is not a kernel.
    pub fn named(spec: &Spec, catalogue: &Catalogue) -> Result<Vec<Self>, SelectError> {
        let version = spec.to_string().parse::<Version>().ok();
        let released = |name: String, version: Version| Self {
            name,
            kernel: upstream(version),
        };
        // `select` takes the first release of a series for the series. If the catalogue
        // does not have it, the version itself is meant.
        let is_first = |v: &Version| spec.to_string() == format!("{}.0", v.series());
        let entries = &catalogue.entries;
        if let Some(first) = version.filter(is_first)
            && entries.iter().all(|entry| entry.version() != first)
        {
            return Ok(vec![released(spec.to_string(), first)]);
        }
        match catalogue.select(std::slice::from_ref(spec)) {
            Ok(kernels) => kernels.iter().map(Self::of).collect(),
            Err(unknown @ SelectError::Unknown { .. }) => {
                let newest = entries.last().map(images::Entry::version);
                let older = version.filter(|version| Some(*version) < newest);
                let older = older.ok_or(unknown)?;
                Ok(vec![released(older.to_string(), older)])
            }
            Err(other) => Err(other),
        }
    }

    /// The kernel as it will report itself when it runs.
    ///
    /// # Errors
    /// If it is a file that cannot be read.
    pub fn of(kernel: &images::Kernel) -> Result<Self, SelectError> {
        Ok(Self {
            name: kernel.name(),
            kernel: match kernel {
                images::Kernel::Catalogued(entry) => upstream(entry.version()),
                images::Kernel::Vendored(kernel) => vendored(kernel),
                images::Kernel::File(path) => of_image(path)?,
            },
        })
    }

    /// The upstream version that it follows, vendor kernels included; none if it does
    /// not say.
    #[must_use]
    pub fn follows(&self) -> Option<Version> {
        self.kernel.follows().ok()
    }

    /// What a scenario claims of it as a vendor's kernel. One that is named by its release
    /// has no build: the claim about the newest holds.
    #[must_use]
    pub fn vendor_claim(&self, scenario: &Scenario) -> Option<&'static VendorClaim> {
        scenario.vendor_claim(&self.kernel)
    }

    /// The version whose claims hold of it, or why none do.
    ///
    /// # Errors
    /// If no claims hold: the reason, in a few words.
    pub fn version(&self) -> Result<Version, String> {
        claimed_version(&self.kernel)
    }
}

/// The version whose claims hold of a kernel.
///
/// # Errors
/// If no claims hold: the reason, in a few words. A vendor's kernel does not do what
/// its version says.
pub fn claimed_version(kernel: &RunningKernel) -> Result<Version, String> {
    if let Lineage::Vendor(vendor) = kernel.lineage() {
        return Err(format!("lineage {vendor}"));
    }
    kernel
        .follows()
        .map_err(|_| format!("no version in {:?}", kernel.release))
}

/// What the kernel of a version reports that comes from kernel.org.
pub(crate) fn upstream(version: Version) -> RunningKernel {
    RunningKernel {
        release: version.to_string(),
        version: String::new(),
    }
}

/// What a vendor's kernel reports, as far as its name tells.
fn vendored(kernel: &images::VendorKernel) -> RunningKernel {
    let Some(series) = kernel.version else {
        return RunningKernel {
            release: kernel.name(),
            version: String::new(),
        };
    };
    match kernel.lineage.as_deref() {
        None => upstream(series),
        // As in `#86-Ubuntu SMP`.
        Some("ubuntu") => RunningKernel {
            version: "-Ubuntu".to_owned(),
            ..upstream(series)
        },
        // As `3.10.0-1160.el7.x86_64`; a release means the newest of them.
        Some(_) if !kernel.moves => RunningKernel {
            release: kernel.wanted.clone(),
            version: String::new(),
        },
        Some(mark) => RunningKernel {
            release: format!("{series}-{mark}"),
            version: String::new(),
        },
    }
}

/// The kernel by the banner of an image: `6.1.0-50-cloud-amd64 (builder@host) #1 SMP
/// …`.
fn of_image(path: &Path) -> Result<RunningKernel, SelectError> {
    Ok(running(&LocalKernel::at(path)?.banner()?))
}

/// The kernel with a banner.
pub(super) fn running(banner: &str) -> RunningKernel {
    let (release, rest) = banner.split_once(' ').unwrap_or((banner, ""));
    let version = rest.find('#').map_or("", |start| &rest[start..]);
    RunningKernel {
        release: release.to_owned(),
        version: version.to_owned(),
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version().ok().map(|version| version.to_string());
        match version.filter(|version| *version != self.name) {
            Some(version) => write!(f, "{} ({version})", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(spec: &str) -> Result<Vec<String>, SelectError> {
        let subjects = Subject::named(&spec.parse().unwrap(), &Catalogue::builtin())?;
        Ok(subjects.iter().map(Subject::to_string).collect())
    }

    #[test]
    fn a_point_release_need_not_be_in_the_catalogue() {
        assert_eq!(named("3.10.4").unwrap(), ["3.10.4"]);
        assert_eq!(named("6.1").unwrap().len(), 1);
        assert_eq!(named("3.8..3.10").unwrap().len(), 3);
    }

    #[test]
    fn a_vendors_kernel_has_a_place_in_the_order_and_no_claims_by_its_version() {
        assert_eq!(
            named("mainline/6.12.1").unwrap(),
            ["mainline/6.12.1 (6.12.1)"]
        );
        let spec = "ubuntu/22.04".parse().unwrap();
        let jammy = Subject::named(&spec, &Catalogue::builtin())
            .unwrap()
            .remove(0);
        assert_eq!(jammy.follows(), Some(Version::new(5, 15)));
        assert_eq!(jammy.version(), Err("lineage ubuntu".to_owned()));
        let el7 = named("el7").unwrap();
        assert_eq!(el7, ["centos/7"]);
    }

    #[test]
    fn what_is_no_kernel_yet_is_unknown() {
        assert!(matches!(named("99.1"), Err(SelectError::Unknown { .. })));
        assert!(matches!(named("99"), Err(SelectError::Unknown { .. })));
    }

    #[test]
    fn an_image_tells_what_it_is_without_being_booted() {
        // The boot header, and after it what Debian writes there.
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vmlinuz");
        let mut image = vec![0; 0x300];
        image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x20e..0x210].copy_from_slice(&0x80u16.to_le_bytes());
        image.extend(b"\0");
        let banner = b"6.1.0-50-cloud-amd64 (debian) #1 SMP Debian 6.1.176-1 (2026-07-02)\0";
        image[0x280..0x280 + banner.len()].copy_from_slice(banner);
        std::fs::write(&path, &image).unwrap();
        let spec = path.display().to_string();
        assert_eq!(named(&spec).unwrap(), ["vmlinuz (6.1.176)"]);
    }
}
