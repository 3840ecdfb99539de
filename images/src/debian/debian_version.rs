//! Debian versions, and the order in which Debian sorts them.

use std::cmp::Ordering;

/// Whether a version of a package can be part of a path: it has no slash.
pub(crate) fn is_plain(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_digit())
        && (version.bytes()).all(|byte| byte.is_ascii_alphanumeric() || b".+~^-:_".contains(&byte))
}

/// A version without the mark of a rebuild, `+b1`.
pub(crate) fn without_rebuild(version: &str) -> &str {
    match version.rsplit_once("+b") {
        Some((start, count)) if count.bytes().all(|byte| byte.is_ascii_digit()) => start,
        _ => version,
    }
}

/// As deb-version(7) says; a malformed version comes first.
pub(crate) fn compare(one: &str, two: &str) -> Ordering {
    match (is_plain(one), is_plain(two)) {
        (true, true) => deb_version::compare_versions(one, two),
        (one, two) => one.cmp(&two),
    }
}

/// Whether a Debian version is newer than another.
pub(crate) fn is_newer(version: &str, than: &str) -> bool {
    compare(version, than).is_gt()
}

/// The item with the newest version; of equal ones the first.
pub(crate) fn newest_by<T>(
    items: impl IntoIterator<Item = T>,
    version: impl Fn(&T) -> &str,
) -> Option<T> {
    let newer = |best: &T, other: &T| is_newer(version(other), version(best));
    let items = items.into_iter();
    items.reduce(|best, other| if newer(&best, &other) { other } else { best })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        assert!(compare("0:1.0", "1.0").is_eq());
    }

    proptest! {
        #[test]
        fn a_plain_version_has_no_slash(version in "[0-9./~+:-]{0,9}") {
            let plain = !version.contains('/') && version.starts_with(|c: char| c.is_ascii_digit());
            prop_assert_eq!(is_plain(&version), plain);
        }
    }
}
