//! Where pinned packages have left the mirrors: newer ones of the same suite.

use super::fetch::{Fetched, Wanted};
use super::pins::{PinnedPackage, PinnedTool};
use crate::archive::Site;
use crate::debian_version::is_newer;
use crate::error::ObtainError;
use crate::listed::{Listed, newest_of};
use crate::lock::Archive;
use crate::progress::Progress;
use crate::proof::Evidence;
use crate::store::Store;

/// Packages that stand in, and what they stand in for.
pub(super) struct StandIn {
    pub(super) version: String,
    pub(super) instead_of: Option<String>,
    pub(super) fetched: Fetched,
    /// What vouches for them.
    pub(super) evidence: Vec<Evidence>,
}

/// What a mirror lists of the packages of a tool.
struct Offer {
    site: Site,
    listed: Vec<Listed>,
    evidence: Evidence,
}

impl Store {
    /// The newest of each package that the suite has, or that its security archive
    /// has: all of one day, since a tool and its libraries belong together.
    pub(super) fn stand_in(
        &self,
        pinned: &PinnedTool,
        title: &str,
        progress: &dyn Progress,
    ) -> Result<StandIn, ObtainError> {
        let tool = pinned.name;
        let offered = self.offered(pinned, progress)?;
        let mut wanted = Vec::new();
        let mut replaced = Vec::new();
        let mut version = String::new();
        for package in &pinned.packages {
            let newest = newest(&offered, package).ok_or_else(|| {
                let suite = &self.tool_pins.suite;
                ObtainError::unavailable(format!("no mirror has {} in {suite}", package.name))
            })?;
            if package.name == tool.packages()[0] {
                newest.version.clone_into(&mut version);
            }
            if newest.file.sha256 != package.sha256 {
                replaced.push(format!("{} {}", package.name, package.version));
            }
            wanted.push(Wanted {
                file: newest.file.clone(),
                sites: sites_of(&offered, newest),
            });
        }
        if !tool.is_of_series(&version) {
            let why = format!("{} {version} is of another series", tool.title());
            return Err(ObtainError::unavailable(why));
        }
        Ok(StandIn {
            version,
            instead_of: (!replaced.is_empty()).then(|| in_short(&replaced)),
            fetched: self.fetch_packages(title, &wanted, progress)?,
            evidence: offered.into_iter().map(|offer| offer.evidence).collect(),
        })
    }

    /// What the mirrors list of the packages of a tool.
    fn offered(
        &self,
        pinned: &PinnedTool,
        progress: &dyn Progress,
    ) -> Result<Vec<Offer>, ObtainError> {
        let wanted = |name: &str| pinned.packages.iter().any(|package| package.name == name);
        let suite = &self.tool_pins.suite;
        let mut offered = Vec::new();
        let mut refused = None;
        for suite in [suite.clone(), format!("{suite}-security")] {
            let archive = Archive::of_suite(&suite);
            let (sites, _) = self.mirrors.live(archive, &self.archives, progress);
            for site in sites {
                match self.archives.listed(&site, &suite, &wanted, progress) {
                    Ok((listed, evidence, _)) => offered.push(Offer {
                        site,
                        listed,
                        evidence,
                    }),
                    Err(ObtainError::Unavailable { .. }) => {}
                    Err(error @ ObtainError::Verification { .. }) => {
                        progress.note(&error.to_string());
                        refused.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        match refused {
            Some(error) if offered.is_empty() => Err(error),
            _ => Ok(offered),
        }
    }
}

fn newest<'a>(offered: &'a [Offer], package: &PinnedPackage) -> Option<&'a Listed> {
    let of_site = offered
        .iter()
        .map(|offer| newest_of(&offer.listed, &package.name));
    of_site.flatten().reduce(
        |best, other| match is_newer(&other.version, &best.version) {
            true => other,
            false => best,
        },
    )
}

fn sites_of(offered: &[Offer], package: &Listed) -> Vec<Site> {
    let has = |listed: &[Listed]| listed.iter().any(|other| other.file == package.file);
    let sites = offered.iter().filter(|offer| has(&offer.listed));
    sites.map(|offer| offer.site.clone()).collect()
}

/// The first few.
fn in_short(names: &[String]) -> String {
    let first = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(3) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
