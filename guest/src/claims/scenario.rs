//! A behaviour of the kernel: how to look at it, and what must be seen.

use std::panic::Location;

use super::{Claim, Facts, ProbeError, RunningKernel, VendorClaim, Version, observed};
use crate::arch::Arch;

/// Looks at the running kernel, in a process started for it, as root, with the
/// `/proc` of its own PID namespace.
pub type Probe = fn(&mut Facts) -> Result<(), ProbeError>;

/// One behaviour: its probe, and beside it what each kernel must show.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Stable and the same everywhere: in commands, tests and reports. It is the
    /// name of the scenario's file.
    pub name: &'static str,
    /// What is tried, in half a sentence.
    pub summary: &'static str,
    /// How to look.
    pub probe: Probe,
    /// What must be seen, by version, oldest first.
    pub claims: &'static [Claim],
    /// What must be seen on an architecture where that differs: its claims in place of the
    /// others.
    pub elsewhere: Option<(&'static Arch, &'static [Claim])>,
    /// What vendors' kernels show, whatever their versions say; the last that is about a
    /// kernel holds.
    pub vendors: &'static [VendorClaim],
    /// Why it is not run on a host, outside a machine, if it is not.
    pub not_on_a_host: Option<&'static str>,
    /// The source file it stands in.
    pub file: &'static str,
    /// The versions on which it saw what is claimed, between spaces: its row of the
    /// table of observed kernels.
    pub observed_on: &'static str,
}

impl Scenario {
    /// A scenario without a name, as its file has it.
    #[must_use]
    #[track_caller]
    pub const fn new(summary: &'static str, probe: Probe, claims: &'static [Claim]) -> Self {
        Self {
            name: "",
            summary,
            probe,
            claims,
            elsewhere: None,
            vendors: &[],
            not_on_a_host: None,
            file: Location::caller().file(),
            observed_on: "",
        }
    }

    /// Gives it its name, and with it its row of the table of observed kernels.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self.observed_on = observed::row(name);
        self
    }

    /// Says what must be seen on an architecture where that differs.
    #[must_use]
    pub const fn elsewhere(mut self, arch: &'static Arch, claims: &'static [Claim]) -> Self {
        self.elsewhere = Some((arch, claims));
        self
    }

    /// The scenario with the claims of an architecture.
    #[must_use]
    pub fn on(&self, arch: &Arch) -> Self {
        match self.elsewhere {
            Some((of, claims)) if of == arch => Self {
                claims,
                // The table is of the usual architecture.
                observed_on: "",
                ..*self
            },
            _ => *self,
        }
    }

    /// Says what vendors' kernels show.
    #[must_use]
    pub const fn vendors(mut self, vendors: &'static [VendorClaim]) -> Self {
        self.vendors = vendors;
        self
    }

    /// Says why it is not run on a host: its facts depend on where in the system
    /// it runs, or it changes the whole system.
    #[must_use]
    pub const fn not_on_a_host(mut self, why: &'static str) -> Self {
        self.not_on_a_host = Some(why);
        self
    }

    /// Says on which versions it saw what is claimed.
    #[must_use]
    pub const fn observed_on(mut self, versions: &'static str) -> Self {
        self.observed_on = versions;
        self
    }

    /// Its family: the name of the folder that it stands in.
    #[must_use]
    pub fn family(&self) -> &'static str {
        let folder = self.file.rsplit('/').nth(1);
        folder.unwrap_or_default()
    }

    /// The claim about a version; none before the first.
    #[must_use]
    pub fn claim(&self, version: Version) -> Option<&'static Claim> {
        self.claims
            .iter()
            .rev()
            .find(|claim| claim.reached_by(version))
    }

    /// The claim about a vendor's kernel, if one is made.
    #[must_use]
    pub fn vendor_claim(&self, kernel: &RunningKernel) -> Option<&'static VendorClaim> {
        (self.vendors.iter()).rfind(|claim| claim.is_about(kernel))
    }

    /// The kernels that showed what one of its claims says. Where there are none,
    /// the claim rests on the source of the kernel alone.
    #[must_use]
    pub fn observed(&self, claim: &Claim) -> Vec<Version> {
        let versions = self.observed_on.split_whitespace().map(Version::of);
        versions
            .filter(|version| self.claim(*version) == Some(claim))
            .collect()
    }
}
