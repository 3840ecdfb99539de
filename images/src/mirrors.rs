//! Where to look for a kernel, in order.

use std::path::PathBuf;
use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};

use crate::apt;
use crate::archive::{Archives, Site};
use crate::catalogue::Entry;
use crate::error::ObtainError;
use crate::keyring::is_unsigned;
use crate::lock::Archive;
use crate::progress::Progress;
use crate::said::without_credentials;

/// When to look into the snapshot archive, in hours after an upload was
/// prepared: it is built, accepted and published within a day or so, and may be
/// replaced after another.
const SNAPSHOT_HOURS: [i64; 5] = [12, 24, 48, 96, 6];

/// A time at which the snapshot archive has a release file of a few kilobytes:
/// that of Debian 12.0.
const SNAPSHOT_PROBE: &str = "20230611T000000Z";

/// The mirrors of this run.
pub(crate) struct Mirrors {
    /// Base URLs that somebody named.
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
        let ask = |site: &Site, suite: &str| match archives
            .release(&format!("{}/dists/{suite}", site.base), progress)
        {
            Ok(Some(release)) => Ok(format!("has {}", release.title())),
            Ok(None) => Err(format!("has no {suite}")),
            Err(ObtainError::Unavailable { why }) => Err(why),
            Err(error) => Err(error.to_string()),
        };
        let snapshot = Site {
            base: format!("{}/archive/debian/{SNAPSHOT_PROBE}", self.snapshot),
            live: false,
        };
        let mut asked: Vec<_> = sites
            .iter()
            .map(|site| (archives.client.title(&site.base), ask(site, "stable")))
            .collect();
        asked.push((
            archives.client.title(&snapshot.base),
            ask(&snapshot, "stable"),
        ));
        asked
    }

    /// The snapshot archive at times at which it may have had the entry.
    pub(crate) fn snapshots(&self, entry: &Entry) -> Vec<Site> {
        let directory = Archive::of_suite(&entry.suite).directory();
        let times = SNAPSHOT_HOURS.iter().filter_map(|hours| {
            entry
                .uploaded
                .checked_add(SignedDuration::from_hours(*hours))
                .ok()
        });
        let past = times.filter(|time| *time < Timestamp::now());
        past.map(|time| self.snapshot_at(directory, time)).collect()
    }

    /// The snapshot archive at a time.
    pub(crate) fn snapshot_of(&self, archive: Archive, time: Timestamp) -> Site {
        self.snapshot_at(archive.directory(), time)
    }

    fn snapshot_at(&self, directory: &str, time: Timestamp) -> Site {
        let time = time.strftime("%Y%m%dT%H%M%SZ");
        Site {
            base: format!("{}/archive/{directory}/{time}", self.snapshot),
            live: false,
        }
    }

    /// Apt's sources may name anybody; only what Debian signed is of use here.
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
                    let site = Site {
                        base: source.uri,
                        live: true,
                    };
                    archives.client.entitle(&site.base, "apt's mirror");
                    found.sites.push((archive, site));
                }
                Ok(_) => {}
                // Somebody else's packages, or a mirror that signs by itself.
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
    Some(Site { base, live: true })
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
        let entry = |suite: &str, uploaded: Timestamp| Entry {
            name: "3.10".to_owned(),
            debian: "3.10.11-1".to_owned(),
            suite: suite.to_owned(),
            uploaded,
        };
        let mirrors = Mirrors {
            named: Vec::new(),
            apt: PathBuf::new(),
            snapshot: "http://s.example.org".to_owned(),
            of_apt: OnceLock::new(),
        };
        let long_ago = "2013-09-10T13:13:16Z".parse().unwrap();
        let sites = mirrors.snapshots(&entry("unstable", long_ago));
        assert_eq!(sites.len(), SNAPSHOT_HOURS.len());
        assert_eq!(
            sites[0].base,
            "http://s.example.org/archive/debian/20130911T011316Z"
        );
        let sites = mirrors.snapshots(&entry("bookworm-security", long_ago));
        assert!(sites[0].base.contains("/archive/debian-security/2013"));
        assert_eq!(mirrors.snapshots(&entry("unstable", Timestamp::now())), []);
    }
}
