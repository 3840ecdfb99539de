//! Which kernels showed what is claimed of them: `observed.tsv`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{ParseVersionError, Version};

/// The text of the table.
pub(crate) const TABLE: &str = include_str!("../../observed.tsv");

const HEADING: &str = "\
# The kernels on which each scenario showed what is claimed of them: a name, a tab
# and the versions. Written by `cargo xtask observed RUN...`.
";

/// The versions in a scenario's row of the table; empty where it has none.
pub(super) const fn row(scenario: &str) -> &'static str {
    let mut rest = TABLE;
    while let Some((line, after)) = split(rest, b'\n') {
        if let Some((name, versions)) = split(line, b'\t')
            && is_same(name, scenario)
        {
            return versions;
        }
        rest = after;
    }
    ""
}

const fn split(text: &'static str, at: u8) -> Option<(&'static str, &'static str)> {
    let mut place = 0;
    while place < text.len() {
        if text.as_bytes()[place] == at {
            let (before, after) = text.split_at(place);
            return Some((before, after.split_at(1).1));
        }
        place += 1;
    }
    None
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut place = 0;
    while place < one.len() && place < other.len() && one[place] == other[place] {
        place += 1;
    }
    place == one.len() && place == other.len()
}

/// For each scenario, the versions on which its probe saw what is claimed.
///
/// A version stands in the row of its scenario and not with a claim: which claim
/// it bears out follows from the version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedTable(BTreeMap<String, BTreeSet<Version>>);

impl ObservedTable {
    /// Where the table stands, below the root of the workspace.
    pub const PATH: &str = "guest/observed.tsv";

    /// Reads the text of a table.
    ///
    /// # Errors
    /// The first word that is no version.
    pub fn parse(text: &str) -> Result<Self, ParseVersionError> {
        let rows = text.lines().filter_map(|line| line.split_once('\t'));
        let row = |(name, versions): (&str, &str)| {
            let versions = versions.split_whitespace().map(str::parse);
            Ok((name.to_owned(), versions.collect::<Result<_, _>>()?))
        };
        rows.map(row).collect::<Result<_, _>>().map(Self)
    }

    /// Adds that a scenario saw what is claimed on a version; says whether that
    /// is new.
    pub fn insert(&mut self, scenario: &str, version: Version) -> bool {
        let row = self.0.entry(scenario.to_owned()).or_default();
        row.insert(version)
    }
}

/// The text of the table, in its one canonical form.
impl fmt::Display for ObservedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADING)?;
        for (scenario, versions) in &self.0 {
            let versions: Vec<String> = versions.iter().map(Version::to_string).collect();
            writeln!(f, "{scenario}\t{}", versions.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_its_canonical_form() {
        let table = ObservedTable::parse(TABLE).unwrap();
        assert_eq!(table.to_string(), TABLE);
    }

    #[test]
    fn a_version_is_added_once_and_in_its_place() {
        let mut table = ObservedTable::parse("b\t3.9.1 6.1\n").unwrap();
        assert!(table.insert("b", Version::new(3, 10)));
        assert!(!table.insert("b", Version::new(6, 1)));
        assert!(table.insert("a", Version::point(6, 1, 2)));
        assert_eq!(
            table.to_string(),
            format!("{HEADING}a\t6.1.2\nb\t3.9.1 3.10 6.1\n")
        );
    }

    #[test]
    fn a_row_is_found_by_its_whole_name() {
        assert!(row("setns_pid").starts_with("3.2.4 3.8.3 "));
        for name in ["", "setns_pi", "setns_pid_", "#"] {
            assert_eq!(row(name), "", "{name:?}");
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        assert!(ObservedTable::parse("a\t3.9 six\n").is_err());
    }
}
