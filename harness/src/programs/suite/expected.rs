//! What is expected of a case: by hand in `strata.toml`, or recorded beside it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Result, bail};
use guest::{Lineage, Version};
use itertools::Itertools;
use serde::{Deserialize, Serialize};

use super::mistake::{read_text, wrong_toml};
use crate::payload::BadRequest;
use crate::results::Row;
use crate::system::nearest;

/// The file of what was recorded, beside `strata.toml`.
const RECORDED: &str = "strata.expected.toml";
/// The value of a case that does not show the same each time.
pub(super) const VARIES: &str = "varies";

/// Versions of the kernel: `5.10..6.1`, `6.12..`, `..5.4`, or `6.1`. Both ends count, and
/// an end without a point release has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct VersionRange {
    pub(super) first: Option<Version>,
    pub(super) last: Option<Version>,
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for VersionRange {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "VersionRange".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

impl VersionRange {
    pub(super) fn holds(self, version: Version) -> bool {
        let last = |last: Version| match last.patch {
            0 => version.series() <= last,
            _ => version <= last,
        };
        self.first.is_none_or(|first| first <= version) && self.last.is_none_or(last)
    }
}

impl FromStr for VersionRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let version = |text: &str| -> Result<Option<Version>, String> {
            let wrong = |_| {
                format!(
                    "{text:?} is no version of the kernel: write kernels = \"5.10..6.1\", \
                     \"6.12..\" or \"6.1\""
                )
            };
            match text.is_empty() {
                true => Ok(None),
                false => text.parse().map(Some).map_err(wrong),
            }
        };
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (version(first)?, version(last)?);
        if first.zip(last).is_some_and(|(first, last)| first > last) {
            return Err(format!("{text:?} is empty: the older version stands first"));
        }
        Ok(Self { first, last })
    }
}

impl TryFrom<String> for VersionRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<VersionRange> for String {
    fn from(range: VersionRange) -> Self {
        range.to_string()
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.first, self.last);
        if let (Some(first), true) = (first, first == last) {
            return write!(f, "{first}");
        }
        let end = |end: Option<Version>| end.map_or(String::new(), |end| end.to_string());
        write!(f, "{}..{}", end(first), end(last))
    }
}

/// A kernel, as far as expectations tell kernels apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ExpectedKernel {
    /// The mark of a vendor whose version numbers say nothing, such as `el9`; none of
    /// kernels that follow upstream's, as Debian's do.
    pub(super) vendor: Option<String>,
    pub(super) version: Version,
}

impl ExpectedKernel {
    /// The kernel of a row; the version in its name, if it never came up.
    pub(super) fn of(row: &Row) -> Option<Self> {
        let lineage = row.kernel.as_ref().map(|kernel| kernel.lineage());
        Some(Self {
            vendor: match lineage {
                Some(Lineage::Vendor(mark)) => Some(mark),
                Some(Lineage::Upstream) | None => None,
            },
            version: row.likely_version()?,
        })
    }

    /// The same in its series.
    pub(super) fn series(self) -> Self {
        Self {
            version: self.version.series(),
            ..self
        }
    }
}

/// What is expected of a case on some kernels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Expectation {
    /// The case: `test` or `test::case`.
    pub(super) case: String,
    /// The versions: `5.10..6.1`, `6.12..`, or `6.1`; every one by default.
    #[serde(default = "every_version")]
    pub(super) kernels: VersionRange,
    /// The vendor, by the mark in its releases: `el9`, or `el` for each of its. Without it,
    /// versions are those of kernels that follow upstream's, as Debian's do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vendor: Option<String>,
    /// What it shows: a fact's value; `ok`, `failed` or `skipped`; or `exit status 0`.
    pub(super) shows: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) because: Option<String>,
    /// The address of an issue or the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<String>,
}

impl Expectation {
    pub(super) fn holds(&self, kernel: &ExpectedKernel) -> bool {
        let is_numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        let of_vendor = match (&self.vendor, &kernel.vendor) {
            (None, None) => true,
            // A vendor's version says nothing, unless it does not matter.
            (None, Some(_)) => self.kernels == every_version(),
            (Some(_), None) => false,
            (Some(wanted), Some(mark)) => {
                let rest = mark.strip_prefix(wanted.as_str());
                rest.is_some_and(|rest| rest.is_empty() || is_numbered(rest))
            }
        };
        of_vendor && self.kernels.holds(kernel.version)
    }

    /// The kernels in words: `5.10..6.1`, or `el9 5.14`.
    pub(super) fn kernels_in_words(&self) -> String {
        let versions = match self.kernels {
            every if every == every_version() => "every version".to_owned(),
            some => some.to_string(),
        };
        let vendor = self.vendor.iter().map(String::as_str);
        vendor.chain([versions.as_str()]).join(" ")
    }
}

const fn every_version() -> VersionRange {
    VersionRange {
        first: None,
        last: None,
    }
}

/// What is expected, of all cases.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// By hand: these outweigh what was recorded.
    pub(super) by_hand: Vec<Expectation>,
    pub(super) recorded: Vec<Expectation>,
}

/// The recorded file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedFile {
    #[serde(default, rename = "expect")]
    expectations: Vec<Expectation>,
}

/// Where what was recorded stands.
pub(super) fn recorded_path(dir: &Path) -> PathBuf {
    dir.join(RECORDED)
}

impl Expected {
    /// What stands in these and in the recorded file of a directory.
    pub(super) fn read(by_hand: Vec<Expectation>, dir: &Path) -> Result<Self> {
        let path = recorded_path(dir);
        let text = read_text(&path)?.unwrap_or_default();
        let recorded: RecordedFile =
            toml::from_str(&text).map_err(|error| wrong_toml(&path, &text, &error))?;
        Ok(Self {
            by_hand,
            recorded: recorded.expectations,
        })
    }

    /// What is expected of a case on a kernel, if anything is: what names a vendor outweighs
    /// what does not.
    pub(super) fn of(&self, case: &str, kernel: &ExpectedKernel) -> Option<&Expectation> {
        [&self.by_hand, &self.recorded].into_iter().find_map(|all| {
            let all = all.iter();
            let mut all = all.filter(|expected| expected.case == case && expected.holds(kernel));
            let first = all.next()?;
            let is_of_vendor = |expected: &&Expectation| expected.vendor.is_some();
            Some(
                [first]
                    .into_iter()
                    .chain(all)
                    .find(is_of_vendor)
                    .unwrap_or(first),
            )
        })
    }

    /// What is expected of a case, or of a test and all its cases, range by range, with why
    /// and from where.
    ///
    /// # Errors
    /// If nothing is.
    pub(super) fn explain(&self, case: &str) -> Result<String> {
        let all = || self.by_hand.iter().chain(&self.recorded);
        let is_meant = |name: &&str| {
            let rest = name.strip_prefix(case);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let names = all().map(|one| one.case.as_str()).unique().filter(is_meant);
        let explained = names.map(|name| self.explain_one(name)).join("\n");
        if !explained.is_empty() {
            return Ok(explained);
        }
        let known = all().map(|one| one.case.as_str()).unique();
        let near = nearest(case, known, 0.7).join(", ");
        let hint = match near.is_empty() {
            true => "`strata test --record` writes down what it shows".to_owned(),
            false => format!("the nearest that something is expected of: {near}"),
        };
        bail!(BadRequest::new(format!(
            "nothing is expected of {case}: {hint}"
        )))
    }

    fn explain_one(&self, case: &str) -> String {
        let mut text = format!("{case}\n");
        let by_hand = self
            .by_hand
            .iter()
            .map(|one| (one, "by hand, in strata.toml"));
        let recorded = self.recorded.iter();
        let all = by_hand.chain(recorded.map(|one| (one, "recorded")));
        for (one, how) in all.filter(|(one, _)| one.case == case) {
            text.push_str(&format!("\n  {}: {}\n", one.kernels_in_words(), one.shows));
            for more in one.because.iter().chain(&one.link) {
                text.push_str(&format!("    {more}\n"));
            }
            text.push_str(&format!("    {how}\n"));
        }
        text
    }

    /// The cases of a test that are expected to show something on a kernel.
    pub(super) fn cases_of(&self, test: &str, kernel: &ExpectedKernel) -> Vec<&str> {
        let all = self.by_hand.iter().chain(&self.recorded);
        let of_test = |case: &str| case.split("::").next() == Some(test);
        let mut cases: Vec<&str> = Vec::new();
        for expected in all {
            let case = expected.case.as_str();
            if of_test(case) && expected.holds(kernel) && !cases.contains(&case) {
                cases.push(case);
            }
        }
        cases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_both_of_its_ends() {
        for (range, inside, outside) in [
            (
                "5.10..6.1",
                &["5.10.0", "5.15.3", "6.1.176"][..],
                &["5.9.9", "6.2.0"][..],
            ),
            ("6.12..", &["6.12.0", "7.3.4"], &["6.11.9"]),
            ("..5.4", &["3.2.1", "5.4.9"], &["5.5.0"]),
            ("6.1", &["6.1.0", "6.1.9"], &["6.0.9", "6.2.0"]),
            (
                "6.12.1..6.12.4",
                &["6.12.1", "6.12.4"],
                &["6.12.0", "6.12.5"],
            ),
        ] {
            let parsed: VersionRange = range.parse().unwrap();
            assert_eq!(parsed.to_string(), range);
            for version in inside {
                assert!(
                    parsed.holds(version.parse().unwrap()),
                    "{version} in {range}"
                );
            }
            for version in outside {
                assert!(
                    !parsed.holds(version.parse().unwrap()),
                    "{version} in {range}"
                );
            }
        }
        for range in ["6.1..5.10", "six", "5.10...6.1"] {
            assert!(range.parse::<VersionRange>().is_err(), "{range}");
        }
    }

    #[test]
    fn what_is_written_by_hand_outweighs_what_was_recorded() {
        let expectation = |kernels: &str, shows: &str| Expectation {
            case: "probe::a".to_owned(),
            kernels: kernels.parse().unwrap(),
            vendor: None,
            shows: shows.to_owned(),
            because: None,
            link: None,
        };
        let of_vendor = |vendor: &str, kernels: &str, shows: &str| Expectation {
            vendor: Some(vendor.to_owned()),
            ..expectation(kernels, shows)
        };
        let vendors = Expected {
            by_hand: vec![
                expectation("5.10..6.12", "upstream"),
                of_vendor("el", "..", "every el"),
            ],
            recorded: vec![
                of_vendor("el9", "5.14", "el9"),
                of_vendor("el8", "..", "el8"),
            ],
        };
        let on = |vendor: &str| {
            let kernel = ExpectedKernel {
                vendor: (!vendor.is_empty()).then(|| vendor.to_owned()),
                version: "5.14.0".parse().unwrap(),
            };
            vendors.of("probe::a", &kernel).map(|it| it.shows.as_str())
        };
        assert_eq!(on(""), Some("upstream"));
        assert_eq!(on("el9"), Some("every el"));
        // Another vendor's version says nothing, and another word is another vendor.
        assert_eq!(on("fc40"), None);
        assert_eq!(on("elx"), None);
        let explained = vendors.explain("probe::a").unwrap();
        assert!(explained.contains("\n  el9 5.14: el9\n"), "{explained}");

        let expected = Expected {
            by_hand: vec![expectation("6.1", "by hand")],
            recorded: vec![expectation("5.10..6.12", "recorded")],
        };
        let of = |version: &str| {
            let kernel = ExpectedKernel {
                vendor: None,
                version: version.parse().unwrap(),
            };
            let found = expected.of("probe::a", &kernel);
            found.map(|found| found.shows.as_str())
        };
        assert_eq!(of("5.15.0"), Some("recorded"));
        assert_eq!(of("6.1.9"), Some("by hand"));
        assert_eq!(of("7.0.0"), None);
        let kernel = ExpectedKernel {
            vendor: None,
            version: "6.1.0".parse().unwrap(),
        };
        assert_eq!(expected.cases_of("probe", &kernel), ["probe::a"]);
        let explained = "probe::a\n\n  6.1: by hand\n    by hand, in strata.toml\n\n  \
                         5.10..6.12: recorded\n    recorded\n";
        assert_eq!(expected.explain("probe::a").unwrap(), explained);
        let near = expected.explain("probe::b").unwrap_err().to_string();
        assert!(near.contains("probe::a"), "{near}");
    }
}
