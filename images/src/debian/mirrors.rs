//! Where to look for a package, in order.

use std::path::PathBuf;
use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};

use crate::debian::apt;
use crate::debian::archive::{Archive, Archives, Site};
use crate::debian::keyring::is_unsigned;
use crate::messages::error::ObtainError;
use crate::messages::one_line::without_credentials;
use crate::messages::progress::Progress;

/// When to look into the snapshot archive, in hours after an upload was
/// prepared: it is built, accepted and published within a day or so, and may be
/// replaced after another.
const SNAPSHOT_HOURS: [i64; 5] = [12, 24, 48, 96, 6];

/// A time at which the snapshot archive has a release file of a few kilobytes, the
/// one of Debian 12.0.
const SNAPSHOT_PROBE: Timestamp = Timestamp::constant(1_686_441_600, 0); // 2023-06-11T00:00:00Z

/// The mirrors of this run.
pub(crate) struct Mirrors {
    /// Base URLs that the caller named.
    pub(crate) named: Vec<String>,
    /// Where apt keeps its settings.
    pub(crate) apt: PathBuf,
    /// Base URL of the snapshot archive.
    pub(crate) snapshot: String,
    pub(crate) of_apt: OnceLock<OfApt>,
}

/// What apt's sources turned out to be.
#[derive(Debug, Default)]
pub(crate) struct OfApt {
    sites: Vec<(Archive, Site)>,
    /// Why some are of no use.
    problems: Vec<String>,
}

impl Mirrors {
    /// The sites that carry the present state of an archive: those that were
    /// named, then those of apt. Also why others are not among them.
    pub(crate) fn live(
        &self,
        archive: Archive,
        archives: &Archives,
        progress: &dyn Progress,
    ) -> (Vec<Site>, &[String]) {
        let named = self.named.iter().filter_map(|base| named(base, archive));
        let of_apt = self
            .of_apt
            .get_or_init(|| self.read_apt(archives, progress));
        let of_apt_sites = of_apt.sites.iter().filter(|(kind, _)| *kind == archive);
        let mut sites: Vec<Site> = named.collect();
        for (_, site) in of_apt_sites {
            if !sites.contains(site) {
                sites.push(site.clone());
            }
        }
        (sites, &of_apt.problems)
    }

    /// The archives that kernels come from, by name, and whether each answers: with
    /// what its release file says, or why not.
    pub(crate) fn reachable(
        &self,
        archives: &Archives,
        progress: &dyn Progress,
    ) -> Vec<(String, Result<String, String>)> {
        let (sites, _) = self.live(Archive::Debian, archives, progress);
        let release =
            |site: &Site| archives.release(&format!("{}/dists/stable", site.base), progress);
        let ask = |site: &Site| match release(site) {
            Ok(Some(release)) => Ok(format!("has {}", release.title())),
            Ok(None) => Err("has no stable".to_owned()),
            Err(ObtainError::Unavailable { why }) => Err(why),
            Err(error) => Err(error.to_string()),
        };
        let snapshot = self.snapshot(Archive::Debian, SNAPSHOT_PROBE);
        let sites = sites.iter().chain([&snapshot]);
        sites
            .map(|site| (archives.client.title(&site.base), ask(site)))
            .collect()
    }

    /// The snapshot archive at times at which it may have had an upload of a suite.
    pub(crate) fn snapshots(&self, archive: Archive, uploaded: Timestamp) -> Vec<Site> {
        let times = SNAPSHOT_HOURS.iter();
        let times = times.filter_map(|hours| {
            let after = SignedDuration::from_hours(*hours);
            uploaded.checked_add(after).ok()
        });
        let past = times.filter(|time| *time < Timestamp::now());
        past.map(|time| self.snapshot(archive, time)).collect()
    }

    /// The snapshot archive at a time.
    pub(crate) fn snapshot(&self, archive: Archive, time: Timestamp) -> Site {
        let (directory, time) = (archive.directory(), time.strftime("%Y%m%dT%H%M%SZ"));
        Site {
            base: format!("{}/archive/{directory}/{time}", self.snapshot),
            live: false,
        }
    }

    /// The sources of apt that are Debian's: only what Debian signed can be used.
    fn read_apt(&self, archives: &Archives, progress: &dyn Progress) -> OfApt {
        let mut found = OfApt::default();
        for source in apt::sources(&self.apt) {
            let Some(suite) = source.suites.iter().find(|suite| !suite.ends_with('/')) else {
                continue;
            };
            match archives.release(&format!("{}/dists/{suite}", source.uri), progress) {
                Ok(Some(release)) if release.is_debian() => {
                    let archive = match release.label.as_str() {
                        "Debian-Security" => Archive::Security,
                        _ => Archive::Debian,
                    };
                    let site = Site::live(&source.uri);
                    archives.client.entitle(&site.base, "apt's mirror");
                    found.sites.push((archive, site));
                }
                Ok(_) => {}
                // Another vendor's packages, or a mirror that signs by itself.
                Err(ObtainError::Verification { found, .. }) if !is_unsigned(&found) => {}
                Err(error) => {
                    let why = match error {
                        ObtainError::Unavailable { why } => why,
                        other => other.to_string(),
                    };
                    let uri = without_credentials(&source.uri);
                    progress.note(&format!("{uri} of apt's sources is of no use: {why}"));
                    found.problems.push(why);
                }
            }
        }
        found
    }
}

/// The site of an archive at a mirror, whose URL ends in `debian` as a rule;
/// the security archive is then beside it.
fn named(base: &str, archive: Archive) -> Option<Site> {
    let base = base.trim_end_matches('/');
    let is_security = base.ends_with("/debian-security");
    let base = match archive {
        Archive::Debian if is_security => return None,
        Archive::Security if base.ends_with("/debian") => format!("{base}-security"),
        _ => base.to_owned(),
    };
    Some(Site::live(&base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_security_archive_is_beside_the_other() {
        let base = |base, archive| named(base, archive).map(|site| site.base);
        let (main, security) = (
            "http://m.example.org/debian",
            "http://m.example.org/debian-security",
        );
        assert_eq!(
            base("http://m.example.org/debian/", Archive::Debian).as_deref(),
            Some(main)
        );
        assert_eq!(base(main, Archive::Security).as_deref(), Some(security));
        assert_eq!(base(security, Archive::Security).as_deref(), Some(security));
        assert_eq!(base(security, Archive::Debian), None);
    }

    #[test]
    fn the_snapshot_archive_is_asked_at_times_after_the_upload() {
        let mirrors = Mirrors {
            named: Vec::new(),
            apt: PathBuf::new(),
            snapshot: "http://s.example.org".to_owned(),
            of_apt: OnceLock::new(),
        };
        let long_ago = "2013-09-10T13:13:16Z".parse().unwrap();
        let sites = mirrors.snapshots(Archive::Debian, long_ago);
        assert_eq!(sites.len(), SNAPSHOT_HOURS.len());
        assert_eq!(
            sites[0].base,
            "http://s.example.org/archive/debian/20130911T011316Z"
        );
        let sites = mirrors.snapshots(Archive::of_suite("bookworm-security"), long_ago);
        assert!(sites[0].base.contains("/archive/debian-security/2013"));
        assert_eq!(
            mirrors.snapshots(Archive::of_suite("unstable"), Timestamp::now()),
            []
        );
    }
}
