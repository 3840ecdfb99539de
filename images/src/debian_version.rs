//! Debian versions, in the order in which Debian sorts them.

use std::cmp::Ordering;

use crate::packages::is_plain;

/// A version that sorts as deb-version(7) says; one that is malformed sorts first.
#[derive(Clone, Debug)]
pub(crate) struct DebianVersion(Option<String>);

impl DebianVersion {
    pub(crate) fn of(version: &str) -> Self {
        Self(is_plain(version).then(|| version.to_owned()))
    }
}

impl Ord for DebianVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Some(one), Some(two)) => deb_version::compare_versions(one, two),
            (one, two) => one.is_some().cmp(&two.is_some()),
        }
    }
}

impl PartialOrd for DebianVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for DebianVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for DebianVersion {}

/// Whether a Debian version is newer than another.
pub(crate) fn is_newer(version: &str, than: &str) -> bool {
    DebianVersion::of(version) > DebianVersion::of(than)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of deb-version(7) and of the archive, from old to new.
    #[test]
    fn versions_sort_as_debian_sorts_them() {
        let sorted = [
            "not a version",
            "3.2~rc4-1~experimental.1",
            "3.2.1-1",
            "3.2.41-2",
            "3.2.41-2+deb7u2",
            "3.10.1-1",
            "6.1.0-1",
            "6.1.176-1~bpo11+1",
            "6.1.176-1",
            "6.1.176-1+b1",
            "1:1.0-1",
            "2:0.9-1",
        ];
        for pair in sorted.windows(2) {
            assert!(is_newer(pair[1], pair[0]), "{pair:?}");
            assert!(!is_newer(pair[0], pair[1]), "{pair:?}");
        }
        assert_eq!(DebianVersion::of("0:1.0"), DebianVersion::of("1.0"));
    }
}
