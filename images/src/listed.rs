//! What an index says of any package.

use std::io::{self, BufRead};

use crate::debian_version::is_newer;
use crate::packages::{each_stanza, file_of, is_plain, is_relative};
use crate::release::FileSum;

/// A package, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    /// Debian version.
    pub(crate) version: String,
    /// Path from the archive's root, size and hash of the `.deb`.
    pub(crate) file: FileSum,
    /// `Pre-Depends` and `Depends`.
    pub(crate) depends: String,
    pub(crate) provides: String,
}

/// The packages that an index lists under the names that are wanted. One that
/// points out of the archive is left out.
pub(crate) fn read_listed(
    index: impl BufRead,
    wanted: impl Fn(&str) -> bool,
) -> io::Result<Vec<Listed>> {
    let mut listed = Vec::new();
    let by_name = |stanza: &str| {
        let name = stanza
            .lines()
            .find_map(|line| line.strip_prefix("Package: "));
        name.is_some_and(|name| wanted(name.trim()))
    };
    each_stanza(index, by_name, |stanza| {
        let field = |name| stanza.get(name).unwrap_or_default().to_owned();
        let package = file_of(stanza).map(|file| Listed {
            name: field("Package"),
            version: field("Version"),
            file,
            depends: [field("Pre-Depends"), field("Depends")].join(", "),
            provides: field("Provides"),
        });
        listed.extend(package.filter(|it| is_plain(&it.version) && is_relative(&it.file.path)));
    })?;
    Ok(listed)
}

/// The newest of those with a name.
pub(crate) fn newest_of<'a>(listed: &'a [Listed], name: &str) -> Option<&'a Listed> {
    let of_name = listed.iter().filter(|package| package.name == name);
    of_name.reduce(
        |best, other| match is_newer(&other.version, &best.version) {
            true => other,
            false => best,
        },
    )
}
