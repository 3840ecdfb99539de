//! What is claimed of vendors' kernels, whose versions do not say what they do.

use std::fmt;

use super::{Lineage, Observation, RunningKernel, Version};

/// What holds of a vendor's kernels from one of its builds on, until the next claim of the
/// same vendor.
///
/// It speaks of the facts that it names, and of no others.
///
/// ```
/// use guest::VendorClaim;
///
/// const EL8: VendorClaim = VendorClaim::of("el8")
///     .since(425)
///     .shows("cgroup.freeze=present")
///     .because("the freezer of cgroup2 was backported")
///     .source("https://github.com/k0sproject/k0s/issues/3069");
/// assert_eq!(EL8.to_string(), "el8 since build 425");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VendorClaim {
    /// The vendor's mark, as [`RunningKernel::lineage`] gives it: `el7`, `ubuntu`.
    pub vendor: &'static str,
    /// The series of its kernels, where the vendor has several: 5.15 of `ubuntu`.
    pub series: Option<Version>,
    /// The first build: 1062 of `3.10.0-1062.el7`; 0 for all.
    pub since: u32,
    /// What it must show, as [`Observation::written`]: some of the scenario's facts.
    pub expected: &'static str,
    /// Why, in a sentence.
    pub because: &'static str,
    /// The address of a changelog, a CVE, a report.
    pub source: &'static str,
}

impl VendorClaim {
    /// A claim about all kernels of a vendor.
    #[must_use]
    pub const fn of(vendor: &'static str) -> Self {
        Self {
            vendor,
            series: None,
            since: 0,
            expected: "",
            because: "",
            source: "",
        }
    }

    /// Only about those of a series.
    #[must_use]
    pub const fn series(mut self, major: u16, minor: u16) -> Self {
        self.series = Some(Version::new(major, minor));
        self
    }

    /// Only from a build on.
    #[must_use]
    pub const fn since(mut self, build: u32) -> Self {
        self.since = build;
        self
    }

    /// What must be seen.
    #[must_use]
    pub const fn shows(mut self, expected: &'static str) -> Self {
        self.expected = expected;
        self
    }

    /// Why.
    #[must_use]
    pub const fn because(mut self, because: &'static str) -> Self {
        self.because = because;
        self
    }

    /// Where that is said.
    #[must_use]
    pub const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// What must be seen, fact by fact.
    #[must_use]
    pub fn observation(&self) -> Observation {
        Observation::written(self.expected)
    }

    /// Whether a kernel is one of those. A release that is named and did not run yet has no
    /// build: its newest is meant.
    #[must_use]
    pub fn is_about(&self, kernel: &RunningKernel) -> bool {
        let is_of_vendor = kernel.lineage() == Lineage::Vendor(self.vendor.to_owned());
        let follows = kernel.follows().ok().map(Version::series);
        is_of_vendor
            && self.series.is_none_or(|series| follows == Some(series))
            && kernel.build().is_none_or(|build| self.since <= build)
    }

    /// Whether each fact that it names was seen so.
    #[must_use]
    pub fn satisfied_by(&self, seen: &Observation) -> bool {
        self.observation().satisfied_where_named(seen)
    }
}

/// `el7 since build 1062`, `ubuntu 5.15`.
impl fmt::Display for VendorClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.vendor)?;
        if let Some(series) = self.series {
            write!(f, " {series}")?;
        }
        match self.since {
            0 => Ok(()),
            build => write!(f, " since build {build}"),
        }
    }
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
    fn a_claim_is_about_a_vendor_a_series_and_what_was_built_since() {
        let el7 = VendorClaim::of("el7").since(1062);
        for (release, about) in [
            ("3.10.0-1062.el7.x86_64", true),
            ("3.10.0-1160.119.1.el7.x86_64", true),
            ("3.10.0-957.el7.x86_64", false),
            // A release that is named, and not one of its kernels.
            ("3.10.0-el7", true),
            ("4.18.0-1160.el8.x86_64", false),
            ("3.10.0", false),
        ] {
            assert_eq!(el7.is_about(&kernel(release, "#1 SMP")), about, "{release}");
        }
        let jammy = VendorClaim::of("ubuntu").series(5, 15).since(60);
        for (release, about) in [
            ("5.15.0-79-generic", true),
            ("5.15.0-25-generic", false),
            ("6.8.0-79-generic", false),
        ] {
            let kernel = kernel(release, "#86-Ubuntu SMP");
            assert_eq!(jammy.is_about(&kernel), about, "{release}");
        }
    }

    #[test]
    fn a_claim_speaks_of_the_facts_that_it_names() {
        let claim = VendorClaim::of("el8").shows("freeze=present");
        let satisfied = |seen: &str| claim.satisfied_by(&Observation::written(seen));
        assert!(satisfied("mount=ok freeze=present kill=absent"));
        assert!(!satisfied("mount=ok freeze=absent"));
        assert!(!satisfied("mount=ok"));
        assert!(!satisfied("freeze=present freeze=present"));
    }
}
