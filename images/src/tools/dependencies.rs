//! The packages that a tool depends on, by what an index says.

use std::collections::{BTreeMap, BTreeSet};

use crate::debian::packages::{Package, newest_of};

/// These packages and all they depend on, without recommendations, in the order
/// of their names. The error names what is not there.
pub(crate) fn closure<'a>(
    packages: &'a [Package],
    roots: &[&str],
) -> Result<Vec<&'a Package>, String> {
    let mut providers: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        for name in names(&package.provides) {
            providers.entry(name).or_default().insert(&package.name);
        }
    }
    let find = |name: &str| {
        let provider = || newest_of(packages, providers.get(name)?.first()?);
        newest_of(packages, name).or_else(provider)
    };
    let mut chosen: BTreeMap<&str, &Package> = BTreeMap::new();
    let mut queue: Vec<Vec<String>> = roots.iter().map(|root| vec![(*root).to_owned()]).collect();
    while let Some(alternatives) = queue.pop() {
        let mut found = alternatives.iter().filter_map(|name| find(name));
        let package = found
            .next()
            .ok_or_else(|| format!("no package is {}", alternatives.join(" or ")))?;
        if chosen.insert(&package.name, package).is_none() {
            let clauses = package.depends.split(',');
            let clauses = clauses.filter(|clause| !clause.trim().is_empty());
            queue.extend(clauses.map(|clause| clause.split('|').filter_map(name).collect()));
        }
    }
    Ok(chosen.into_values().collect())
}

fn names(field: &str) -> impl Iterator<Item = String> {
    field.split(',').filter_map(name)
}

/// `libc6` of `libc6:any (>= 2.36)`.
fn name(relation: &str) -> Option<String> {
    let name = relation
        .split([' ', '(', '[', ':'])
        .find(|part| !part.is_empty())?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::hash::FileSum;

    fn package(name: &str, version: &str, depends: &str, provides: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            file: FileSum {
                path: String::new(),
                size: 0,
                sha256: String::new(),
            },
            depends: depends.to_owned(),
            provides: provides.to_owned(),
        }
    }

    #[test]
    fn dependencies_of_a_package_come_with_it() {
        let all = [
            package("qemu", "1", "libc6:any (>= 2.36), gone | libz1, awk", ""),
            package("libc6", "2", "libgcc-s1", ""),
            package("libgcc-s1", "3", "libc6", ""),
            package("libz1", "1", "", ""),
            package("libz1", "2", "", ""),
            package("mawk", "1", "", "awk (= 1)"),
            package("other", "1", "", ""),
        ];
        let found = closure(&all, &["qemu"]).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|it| (&it.name[..], &it.version[..]))
            .collect();
        let expected = [
            ("libc6", "2"),
            ("libgcc-s1", "3"),
            ("libz1", "2"),
            ("mawk", "1"),
            ("qemu", "1"),
        ];
        assert_eq!(names, expected);
        let error = closure(&all, &["nothing"]).unwrap_err();
        assert_eq!(error, "no package is nothing");
    }
}
