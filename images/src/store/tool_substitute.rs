//! Newer packages of the same suite, where pinned ones have left the mirrors.

use crate::debian::archive::{Site, SuiteIndex};
use crate::debian::debian_version::newest_by;
use crate::debian::evidence::Evidence;
use crate::debian::packages::{Package, newest_of, read_index};
use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;
use crate::messages::reasons::Reasons;
use crate::store::Store;
use crate::store::package_sources::{Fetched, WantedPackage};
use crate::tools::tool_pins::{PinnedPackage, PinnedTool};

/// Packages that are used instead, and what they replace.
pub(crate) struct ToolSubstitute {
    pub(crate) version: String,
    pub(crate) instead_of: Option<String>,
    pub(crate) debs: Vec<Fetched>,
    /// What vouches for them.
    pub(crate) evidence: Vec<Evidence>,
}

impl Store {
    /// The newest of each package that the suite has, or its security archive: all of
    /// one day, since a tool and its libraries belong together.
    pub(crate) fn tool_substitute(
        &self,
        pinned: &PinnedTool,
        title: &str,
        progress: &dyn Progress,
    ) -> Result<ToolSubstitute, ObtainError> {
        let tool = pinned.name;
        let offers = self.tool_offers(pinned, progress)?;
        let mut wanted = Vec::new();
        let mut replaced = Vec::new();
        let mut version = String::new();
        for package in &pinned.packages {
            let newest = newest(&offers, package).ok_or_else(|| {
                let suite = &self.tool_pins.suite;
                ObtainError::unavailable(format!("no mirror has {} in {suite}", package.name))
            })?;
            if package.name == tool.packages()[0] {
                newest.version.clone_into(&mut version);
            }
            if newest.file.sha256 != package.sha256 {
                replaced.push(format!("{} {}", package.name, package.version));
            }
            wanted.push(WantedPackage {
                file: newest.file.clone(),
                sites: sites_of(&offers, newest),
            });
        }
        if !tool.is_of_series(&version) {
            let why = format!("{} {version} is of another series", tool.title());
            return Err(ObtainError::unavailable(why));
        }
        Ok(ToolSubstitute {
            version,
            instead_of: (!replaced.is_empty()).then(|| in_short(&replaced)),
            debs: self.fetch_all(title, &wanted, progress)?,
            evidence: (offers.into_iter())
                .map(|(_, suite)| suite.evidence)
                .collect(),
        })
    }

    /// What the mirrors list of the packages of a tool.
    fn tool_offers(
        &self,
        pinned: &PinnedTool,
        progress: &dyn Progress,
    ) -> Result<Vec<(Site, SuiteIndex)>, ObtainError> {
        let wanted = |name: &str| pinned.packages.iter().any(|package| package.name == name);
        let tool = pinned.name;
        let suite = &self.tool_pins.suite[..];
        let mut reasons = Reasons::default();
        let offers = self.offers(
            [suite, &format!("{suite}-security")],
            |site, suite| {
                let read = |text| read_index(text, wanted);
                (self.archives).suite(site, suite, tool.arch(), read, progress)
            },
            &mut reasons,
            progress,
        )?;
        match reasons.refused {
            Some(error) if offers.is_empty() => Err(error),
            _ => Ok(offers),
        }
    }
}

fn newest<'a>(offers: &'a [(Site, SuiteIndex)], package: &PinnedPackage) -> Option<&'a Package> {
    let of_site = offers.iter();
    let of_site = of_site.filter_map(|(_, suite)| newest_of(&suite.packages, &package.name));
    newest_by(of_site, |package| &package.version)
}

fn sites_of(offers: &[(Site, SuiteIndex)], package: &Package) -> Vec<Site> {
    let has = |suite: &SuiteIndex| suite.packages.iter().any(|it| it.file == package.file);
    let sites = offers.iter().filter(|(_, suite)| has(suite));
    sites.map(|(site, _)| site.clone()).collect()
}

/// The first few.
fn in_short(names: &[String]) -> String {
    let first = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(3) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
