//! Records what the cases of a suite show.

use std::fmt;
use std::io;

use anyhow::{Context, Result, bail};
use guest::Version;
use images::files::{open_regular, write_whole};
use itertools::Itertools;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use super::expected::{Expectation, Expected, ExpectedKernel, VARIES, VersionRange, recorded_path};
use super::run_suite::{ProgramSuite, TestOrder};
use crate::payload::BadRequest;
use crate::results::{Cell, Event, Matrix, Verdict, Watcher};
use crate::system::nearest;

/// How often each case is run, and how.
const ORDERS: [TestOrder; 3] = [TestOrder::Forwards, TestOrder::Backwards, TestOrder::Alone];
/// What a recorded file begins with.
const HEAD: &str = "# What the cases of strata.toml show, as `strata test --record` saw it. Reasons and links\n\
                    # may be added, and stay; what is to outweigh this belongs into strata.toml.\n\n";

/// One thing that is recorded differently than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedChange {
    case: String,
    kernels: String,
    before: Option<String>,
    after: String,
}

impl fmt::Display for RecordedChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            case,
            kernels,
            before,
            after,
        } = self;
        write!(f, "{case} on {kernels}: {after}")?;
        match before {
            Some(before) => write!(f, " (was {before})"),
            None => Ok(()),
        }
    }
}

/// Passes on what is done, but no results: these are of the last run.
struct WithoutRows<'a>(&'a dyn Watcher);

impl Watcher for WithoutRows<'_> {
    fn event(&self, event: &Event) {
        if !matches!(
            event,
            Event::Boot { .. } | Event::Scenario { .. } | Event::Kernel(_)
        ) {
            self.0.event(event);
        }
    }
}

/// What a case showed on a kernel, in all runs: none if it crashed or was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SeenCase {
    kernel: ExpectedKernel,
    value: Option<String>,
}

/// Runs all tests three times, in two orders and each alone, and writes down what their
/// cases showed; of these cases only, if there are any. Returns the last run, and what is
/// now recorded differently.
///
/// # Errors
/// If the file cannot be written, or one of these cases was not shown.
pub fn record(
    suite: &ProgramSuite,
    cases: &[String],
    watcher: &dyn Watcher,
) -> Result<(Matrix, Vec<RecordedChange>)> {
    let [first, second, third] = ORDERS;
    let quiet = WithoutRows(watcher);
    let runs = [
        suite.run(first, &quiet),
        suite.run(second, &quiet),
        suite.run(third, watcher),
    ];
    let names = runs
        .iter()
        .flat_map(|run| &run.rows)
        .flat_map(|row| &row.cells);
    let names: Vec<&str> = names.map(|cell| cell.scenario.as_str()).unique().collect();
    if let Some(unknown) = cases.iter().find(|case| !names.contains(&case.as_str())) {
        let near = nearest(unknown, names.iter().copied(), 0.7).join(", ");
        let hint = match near.is_empty() {
            true => "`strata test` lists what its test shows".to_owned(),
            false => format!("the nearest: {near}"),
        };
        bail!(BadRequest::new(format!(
            "no case {unknown} was shown: {hint}"
        )));
    }
    let mut document = suite.document()?;
    let mut changes = match cases.is_empty() && suite.is_whole {
        true => forget(&mut document, &suite.names()),
        false => Vec::new(),
    };
    for case in names {
        let asked = cases.is_empty() || cases.iter().any(|asked| asked == case);
        if asked {
            let seen = seen(&runs, case);
            changes.extend(write_down(&mut document, case, &seen));
        }
    }
    let path = recorded_path(&suite.dir);
    if !changes.is_empty() {
        let mut text = document.to_string();
        if !path.exists() {
            text.insert_str(0, HEAD);
        }
        write_whole(&path, text.as_bytes())
            .with_context(|| format!("writing {}", path.display()))?;
    }
    let [.., mut last] = runs;
    let expected = Expected::read(suite.expected.by_hand.clone(), &suite.dir)?;
    suite.judge_again(&mut last, &expected);
    Ok((last, changes))
}

impl ProgramSuite {
    fn document(&self) -> Result<DocumentMut> {
        let path = recorded_path(&self.dir);
        let text = match path.exists() {
            true => open_regular(&path).and_then(io::read_to_string),
            false => Ok(String::new()),
        };
        let text = text.with_context(|| format!("reading {}", path.display()))?;
        text.parse().with_context(|| format!("{}", path.display()))
    }
}

/// Takes out what was recorded of tests that are gone.
fn forget(document: &mut DocumentMut, tests: &[String]) -> Vec<RecordedChange> {
    let mut gone = Vec::new();
    tables(document).retain(|table| {
        let Some(old) = expectation(table) else {
            return true;
        };
        let is_there = tests.iter().any(|test| test == old.test());
        if !is_there {
            gone.push(RecordedChange {
                kernels: old.kernels_in_words(),
                case: old.case,
                before: Some(old.shows),
                after: "no longer, for its test is gone".to_owned(),
            });
        }
        is_there
    });
    gone
}

/// What a case showed on each kernel, the oldest of each vendor first.
fn seen(runs: &[Matrix], case: &str) -> Vec<SeenCase> {
    let Some(first) = runs.first() else {
        return Vec::new();
    };
    let rows = first.rows.iter().enumerate().filter_map(|(number, row)| {
        let kernel = ExpectedKernel::of(row)?.series();
        let values = runs.iter().map(|run| {
            let cells = &run.rows.get(number)?.cells;
            let of = |name: &str| cells.iter().find(|cell| cell.scenario == name);
            // What a test shows before it crashes may arrive or not.
            of(case.split("::").next()?).and_then(value)?;
            value(of(case)?)
        });
        let values: Vec<Option<String>> = values.unique().collect();
        let value = match &values[..] {
            [same] => same.clone(),
            // A crash or a time-out among them is nothing to be recorded.
            several if several.contains(&None) => None,
            _ => Some(VARIES.to_owned()),
        };
        Some(SeenCase { kernel, value })
    });
    rows.sorted_by_key(|seen| seen.kernel.clone()).collect()
}

/// What a cell showed; nothing of one that did not end by itself.
fn value(cell: &Cell) -> Option<String> {
    let ended = matches!(
        cell.verdict,
        Verdict::Passed | Verdict::Failed | Verdict::NoClaim | Verdict::NotApplicable
    );
    let fact = cell.observed.0.first().filter(|_| ended)?;
    Some(fact.value.clone())
}

/// Writes down what a case showed, and returns what is different now.
fn write_down(document: &mut DocumentMut, case: &str, seen: &[SeenCase]) -> Vec<RecordedChange> {
    let before = read(document, case);
    let mut after = before.clone();
    for (number, one) in seen.iter().enumerate() {
        let Some(value) = &one.value else { continue };
        let version = one.kernel.version;
        let is_of = |old: &Expectation| old.vendor == one.kernel.vendor;
        let mut held = after.iter().filter(|old| is_of(old));
        let held = held.find(|old| old.kernels.holds(version));
        if held.is_some_and(|old| old.shows == *value) {
            continue;
        }
        after = after
            .iter()
            .flat_map(|old| match is_of(old) {
                true => without(old, version),
                false => vec![old.clone()],
            })
            .collect();
        // The kernel before it in this run, if nothing between them was not run.
        let neighbour = number.checked_sub(1).map(|before| &seen[before]);
        let neighbour = neighbour.filter(|before| {
            before.value.as_ref() == Some(value) && before.kernel.vendor == one.kernel.vendor
        });
        let range = neighbour.and_then(|neighbour| {
            let between = |old: &Expectation| {
                is_of(old) && old.kernels.lies_between(neighbour.kernel.version, version)
            };
            // Versions between the two may go with them that were of one range with both.
            let one_range = |old: &Expectation| {
                let mut of = before
                    .iter()
                    .filter(|old| is_of(old))
                    .map(|old| old.kernels);
                of.any(|of| {
                    of.holds(neighbour.kernel.version)
                        && of.holds(version)
                        && old.kernels.first.is_none_or(|first| of.holds(first))
                })
            };
            if after.iter().any(|old| between(old) && !one_range(old)) {
                return None;
            }
            after.retain(|old| !between(old));
            let mut ranges = after.iter_mut();
            ranges.find(|old| old.shows == *value && old.holds(&neighbour.kernel))
        });
        match range {
            Some(range) => range.kernels.last = Some(version),
            None => after.push(Expectation {
                case: case.to_owned(),
                kernels: VersionRange {
                    first: Some(version),
                    last: Some(version),
                },
                vendor: one.kernel.vendor.clone(),
                shows: value.clone(),
                because: None,
                link: None,
            }),
        }
    }
    if after == before {
        return Vec::new();
    }
    after.sort_by_key(|expectation| expectation.kernels.first);
    let tables = tables(document);
    let mut replaced: Vec<(Expectation, Table)> = Vec::new();
    // From the last one: their numbers change.
    for number in (0..tables.len()).rev() {
        let Some((old, table)) = tables
            .get(number)
            .and_then(|it| Some((expectation(it)?, it)))
        else {
            continue;
        };
        if old.case == case && !after.contains(&old) {
            replaced.insert(0, (old, table.clone()));
            tables.remove(number);
        }
    }
    let mut changes = Vec::new();
    for new in after.iter().filter(|new| !before.contains(new)) {
        // Comments stay with what is left of their range, or else with what is in its place.
        let mut bases = replaced.iter_mut().filter(|(old, _)| overlap(old, new));
        let base = match bases.find(|(old, _)| old.shows == new.shows) {
            Some(base) => Some(base),
            None => replaced.iter_mut().find(|(old, _)| overlap(old, new)),
        };
        tables.push(table(base.map(|(_, table)| table), new, seen));
        let was = before.iter().find(|old| overlap(old, new));
        changes.push(RecordedChange {
            case: case.to_owned(),
            kernels: new.kernels_in_words(),
            before: was
                .map(|old| old.shows.clone())
                .filter(|old| *old != new.shows),
            after: new.shows.clone(),
        });
    }
    changes
}

/// Whether two ranges of one vendor have versions in common.
fn overlap(old: &Expectation, new: &Expectation) -> bool {
    let has_end = |range: VersionRange, of: VersionRange| {
        let mut ends = [of.first, of.last].into_iter().flatten();
        ends.any(|end| range.holds(end))
    };
    let (a, b) = (old.kernels, new.kernels);
    old.vendor == new.vendor && (has_end(a, b) || has_end(b, a))
}

/// A recorded range without the versions of one series.
fn without(old: &Expectation, series: Version) -> Vec<Expectation> {
    if !old.kernels.holds(series) {
        return vec![old.clone()];
    }
    let next = Version::new(series.major, series.minor + 1);
    let part = |first: Option<Version>, last: Option<Version>| {
        let is_one = first.zip(last).is_none_or(|(first, last)| first <= last);
        is_one.then(|| Expectation {
            kernels: VersionRange { first, last },
            ..old.clone()
        })
    };
    let older = series.series_before();
    let older = older.and_then(|older| part(old.kernels.first, Some(older)));
    older
        .into_iter()
        .chain(part(Some(next), old.kernels.last))
        .collect()
}

fn tables(document: &mut DocumentMut) -> &mut ArrayOfTables {
    let item = document
        .entry("expect")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    if !item.is_array_of_tables() {
        *item = Item::ArrayOfTables(ArrayOfTables::new());
    }
    item.as_array_of_tables_mut().expect("it was made one")
}

fn read(document: &mut DocumentMut, case: &str) -> Vec<Expectation> {
    let all = tables(document).iter().filter_map(expectation);
    all.filter(|expectation| expectation.case == case).collect()
}

fn expectation(table: &Table) -> Option<Expectation> {
    toml::from_str(&table.to_string()).ok()
}

/// An entry of the file, which keeps the comments of the one that it replaces. A comment
/// above that one moves here.
fn table(base: Option<&mut Table>, new: &Expectation, seen: &[SeenCase]) -> Table {
    let mut table = Table::new();
    if let Some(base) = base {
        table = base.clone();
        base.decor_mut().set_prefix("\n");
    }
    let words = [
        ("case", Some(new.case.clone())),
        ("kernels", Some(new.kernels.to_string())),
        ("vendor", new.vendor.clone()),
        ("shows", Some(new.shows.clone())),
        ("because", new.because.clone()),
        ("link", new.link.clone()),
    ];
    for (name, value) in words {
        match (value, table.get_mut(name).and_then(Item::as_value_mut)) {
            (Some(value), Some(there)) => {
                let decor = there.decor().clone();
                *there = value.into();
                *there.decor_mut() = decor;
            }
            (Some(value), None) => drop(table.insert(name, toml_edit::value(value))),
            (None, _) => drop(table.remove(name)),
        }
    }
    // What lies before it in this run, and was not seen.
    let before = seen
        .iter()
        .rev()
        .filter(|one| one.kernel.vendor == new.vendor)
        .find(|one| Some(one.kernel.version) < new.kernels.first);
    if let Some(gap) = before.filter(|gap| gap.value.is_none()) {
        let comment = format!("# {} was not seen.\n", gap.kernel.version);
        let prefix = table.decor().prefix().and_then(|prefix| prefix.as_str());
        let prefix = prefix.unwrap_or("\n").to_owned();
        if !prefix.contains(&comment) {
            table.decor_mut().set_prefix(prefix + &comment);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: &[(&str, &str)]) -> Vec<SeenCase> {
        let one = |(kernel, value): &(&str, &str)| {
            let (vendor, version) = match kernel.split_once(' ') {
                Some((vendor, version)) => (Some(vendor.to_owned()), version),
                None => (None, *kernel),
            };
            SeenCase {
                kernel: ExpectedKernel {
                    vendor,
                    version: version.parse().unwrap(),
                },
                value: (!value.is_empty()).then(|| (*value).to_owned()),
            }
        };
        values.iter().map(one).collect()
    }

    fn recorded(document: &mut DocumentMut) -> Vec<String> {
        let said = |one: Expectation| format!("{}={}", one.kernels_in_words(), one.shows);
        let mut ranges = read(document, "a::b");
        ranges.sort_by_key(|one| one.kernels.first);
        ranges.into_iter().map(said).collect()
    }

    #[test]
    fn kernels_that_agree_are_one_range_and_those_not_run_leave_a_gap() {
        let mut document = DocumentMut::new();
        let all = seen(&[
            ("5.10", "EINVAL"),
            ("6.1", "EINVAL"),
            ("6.6", ""),
            ("6.12", "EINVAL"),
            ("7.0", "ok"),
        ]);
        let changes = write_down(&mut document, "a::b", &all);
        let expected = ["5.10..6.1=EINVAL", "6.12=EINVAL", "7.0=ok"];
        assert_eq!(recorded(&mut document), expected);
        assert_eq!(changes.len(), 3);
        assert!(document.to_string().contains("# 6.6 was not seen."));
        assert_eq!(write_down(&mut document, "a::b", &all), []);
    }

    #[test]
    fn what_was_not_run_again_stays_and_so_do_comments_and_reasons() {
        let text = "# of the whole\n\n[[expect]] # why\ncase = \"a::b\"\n\
                    # inside\nkernels = \"5.10..6.12\"\nshows = \"EINVAL\"\nbecause = \"a reason\"\n\n# of another\n[[expect]]\n\
                    case = \"other\"\nkernels = \"5.10..6.12\"\nshows = \"ok\"\n";
        let mut document: DocumentMut = text.parse().unwrap();
        assert_eq!(
            write_down(&mut document, "a::b", &seen(&[("6.1", "EINVAL")])),
            []
        );
        assert_eq!(document.to_string(), text);
        let changes = write_down(&mut document, "a::b", &seen(&[("6.1", "ok")]));
        let said: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert!(
            said.contains(&"a::b on 6.1: ok (was EINVAL)".to_owned()),
            "{said:?}"
        );
        let expected = ["5.10..6.0=EINVAL", "6.1=ok", "6.2..6.12=EINVAL"];
        assert_eq!(recorded(&mut document), expected);
        let text = document.to_string();
        for (words, times) in [
            ("# of the whole\n", 1),
            ("[[expect]] # why\n", 3),
            ("# of another\n[[expect]]\n", 1),
            ("# inside\n", 3),
            ("because = \"a reason\"", 2),
        ] {
            assert_eq!(text.matches(words).count(), times, "{words}: {text}");
        }
    }

    #[test]
    fn what_was_recorded_of_a_test_that_is_gone_goes() {
        let mut document = DocumentMut::new();
        write_down(&mut document, "a::b", &seen(&[("6.1", "ok")]));
        write_down(&mut document, "c::d", &seen(&[("6.1", "ok")]));
        let gone = forget(&mut document, &["a".to_owned()]);
        let said: Vec<String> = gone.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            ["c::d on 6.1: no longer, for its test is gone (was ok)"]
        );
        assert_eq!(recorded(&mut document), ["6.1=ok"]);
    }

    #[test]
    fn a_range_that_shows_something_else_is_replaced_as_a_whole() {
        let mut document = DocumentMut::new();
        write_down(
            &mut document,
            "a::b",
            &seen(&[("5.10", "ENOSYS"), ("6.1", "ENOSYS")]),
        );
        assert_eq!(recorded(&mut document), ["5.10..6.1=ENOSYS"]);
        write_down(
            &mut document,
            "a::b",
            &seen(&[("5.10", "ok"), ("6.1", "ok")]),
        );
        assert_eq!(recorded(&mut document), ["5.10..6.1=ok"]);
    }

    #[test]
    fn a_range_that_was_recorded_between_two_kernels_stays() {
        let mut document = DocumentMut::new();
        write_down(&mut document, "a::b", &seen(&[("5.15", "EINVAL")]));
        write_down(
            &mut document,
            "a::b",
            &seen(&[("5.10", "ok"), ("6.1", "ok")]),
        );
        let expected = ["5.10=ok", "5.15=EINVAL", "6.1=ok"];
        assert_eq!(recorded(&mut document), expected);
    }

    /// A vendor's version is not another's, and is no neighbour of it.
    #[test]
    fn vendors_are_recorded_apart() {
        let mut document = DocumentMut::new();
        let all = seen(&[
            ("5.10", "EINVAL"),
            ("6.1", "ok"),
            ("el8 4.18", "EINVAL"),
            ("el9 5.14", "EINVAL"),
            ("el9 6.1", "EINVAL"),
        ]);
        write_down(&mut document, "a::b", &all);
        let expected = [
            "el8 4.18=EINVAL",
            "5.10=EINVAL",
            "el9 5.14..6.1=EINVAL",
            "6.1=ok",
        ];
        assert_eq!(recorded(&mut document), expected);
        assert_eq!(write_down(&mut document, "a::b", &all), []);
        let other = seen(&[("el9 6.1", "ok")]);
        let changes = write_down(&mut document, "a::b", &other);
        let said: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "a::b on el9 5.14..6.0: EINVAL",
                "a::b on el9 6.1: ok (was EINVAL)"
            ]
        );
    }

    #[test]
    fn a_case_that_disagrees_with_itself_varies_and_a_crash_is_not_recorded() {
        let matrix = |value: &str| {
            let mut row = crate::results::Row::new("6.1", "6.1");
            let mut cell = Cell::without("a::b", Verdict::NoClaim, "");
            cell.observed = guest::Observation::written(&format!("b={value}"));
            if value == "crash" {
                cell.verdict = Verdict::Panicked;
            }
            let mut own = Cell::without("a", Verdict::Passed, "");
            own.observed = guest::Observation::written("a=0");
            row.cells = vec![own, cell];
            Matrix { rows: vec![row] }
        };
        let of = |values: [&str; 3]| super::seen(&values.map(matrix), "a::b")[0].value.clone();
        assert_eq!(of(["1", "1", "1"]).as_deref(), Some("1"));
        assert_eq!(of(["1", "2", "1"]).as_deref(), Some(VARIES));
        assert_eq!(of(["1", "crash", "1"]), None);
    }
}
