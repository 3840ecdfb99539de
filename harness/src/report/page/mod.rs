//! The matrix as a page that needs nothing but itself: one file, no request.
//!
//! What is on it comes from guests, which are not trusted: all of it is escaped, and
//! the policy lets nothing run but the script that was put there here.

mod changed;
mod columns;
mod controls;
mod grid;
mod kernel_panel;
mod mark;
mod panel;
mod parts;
mod sources;
mod strip;
mod summary;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use maud::{DOCTYPE, PreEscaped, html};

use super::policy::policy;
use crate::results::{Changes, Merged};
use columns::Column;
use strip::Strip;
use words::PageWords;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A page of several runs, in HTML. Except for the list of runs, it does not depend on
/// how kernels were divided among them. With what changed since other runs, it tells that, too.
#[must_use]
pub fn page(merged: &Merged, changes: Option<&Changes>) -> String {
    let columns = Column::of(&merged.matrix.rows);
    let ends = Column::ends(&columns);
    let strips: Vec<Strip<'_>> = (0..merged.scenarios.len())
        .map(|at| {
            let rows = merged.matrix.rows.iter();
            Strip::of(rows.map(|row| &row.cells[at]).collect(), &ends)
        })
        .collect();
    let words = PageWords::of(merged);
    let changed = changes.map(Changes::places);
    let style = format!("{STYLE}{}", grid::spans(columns.len()));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(&style, SCRIPT));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (merged.worst().sentence()) " · Strata" }
                style { (PreEscaped(style)) }
            }
            body {
                a.skip href="#matrix" { "Skip to the matrix" }
                (summary::html(merged, words, &columns))
                (sources::html(merged))
                @if let Some(changes) = changes { (changed::html(changes, merged, &columns)) }
                (summary::lists(merged, &columns))
                main {
                    (controls::html(words, &columns, changed.is_some()))
                    (grid::html(merged, &columns, &strips, &changed.unwrap_or_default()))
                    (grid::legend(merged, changes))
                }
                (panel::html(merged, &columns))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Writes the page, as `index.html` of a directory: its path.
///
/// # Errors
/// If it cannot be written.
pub fn write_page(merged: &Merged, changes: Option<&Changes>, dir: &Path) -> Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    let path = dir.join("index.html");
    fs::write(&path, page(merged, changes))
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use guest::{Observation, RunningKernel};

    use super::*;
    use crate::report::policy::digest;
    use crate::results::tests::{row, run};
    use crate::results::{Cell, Flaw, Matrix, PastRun, Row, Verdict};

    const HOSTILE: &str = "</style></script><script>alert(1)</script>\" onclick=\"alert(1)";

    #[test]
    fn a_scenario_is_one_row_with_the_architectures_side_by_side() {
        let row = |name: &str| Row {
            cells: vec![Cell::without("call", Verdict::Passed, "")],
            ..Row::new(name, name)
        };
        let merged = Merged {
            scenarios: vec!["call".to_owned()],
            matrix: Matrix {
                rows: vec![row("6.1"), row("arm64/6.1")],
            },
            ..Merged::default()
        };
        let page = page(&merged, None);
        let rows: Vec<&str> = page
            .split("<tr")
            .filter(|row| row.contains("id=\"call\""))
            .collect();
        let [row] = rows[..] else {
            panic!("{rows:?}");
        };
        assert_eq!(row.matches("<td").count(), 2, "{row}");
        let at = |label: &str| row.find(&format!("aria-label=\"{label}: pass\"")).unwrap();
        assert!(at("6.1") < at("arm64/6.1"), "{row}");
        assert!(page.contains("<small class=\"arch\">arm64</small><b>6.1</b>"));
    }

    #[test]
    fn text_of_a_guest_is_escaped() {
        let cell = Cell {
            observed: Observation(vec![guest::Fact {
                name: HOSTILE.to_owned(),
                value: HOSTILE.to_owned(),
            }]),
            console: vec![HOSTILE.to_owned()],
            ..Cell::without(HOSTILE, Verdict::Failed, HOSTILE)
        };
        let row = Row {
            kernel: Some(RunningKernel {
                release: HOSTILE.to_owned(),
                version: HOSTILE.to_owned(),
            }),
            image: Some(HOSTILE.to_owned()),
            cells: vec![cell],
            last_lines: vec![HOSTILE.to_owned()],
            ..Row::new(HOSTILE, HOSTILE)
        };
        let merged = Merged {
            scenarios: vec![HOSTILE.to_owned()],
            matrix: Matrix { rows: vec![row] },
            ..Merged::default()
        };
        let page = page(&merged, None);
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(!page.contains("<script>alert"));
        assert!(!page.contains("\" onclick=\""));
        assert_eq!(page.matches("<script").count(), 1);
    }

    #[test]
    fn the_policy_has_the_hashes_of_script_and_style() {
        let page = page(&Merged::default(), None);
        let between = |start: &str, end: &str| {
            let (_, rest) = page.split_once(start).unwrap();
            rest.split_once(end).unwrap().0.to_owned()
        };
        for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
            let digest = digest(&between(start, end));
            assert!(page.contains(&format!("'{digest}'")), "{start}");
        }
        assert!(page.contains("content=\"default-src 'none'; "));
    }

    /// The page's head says what is worst, and not a success; the page says why.
    #[test]
    fn what_is_no_success_is_not_shown_as_one() {
        let passed = || vec![row("6.1", Some("6.1.9"), &[("one", Verdict::Passed)])];
        let merged = |change: fn(&mut PastRun)| {
            let mut run = run("a", 1, passed());
            change(&mut run);
            Merged::of(&[run])
        };
        fn flawed(run: &mut PastRun, hides_red: bool) {
            let what = "3.10 has no row".to_owned();
            run.flaws = vec![Flaw { what, hides_red }];
        }
        let two = [("one", Verdict::Passed), ("two", Verdict::QemuFailed)];
        let qemu_failed = Merged::of(&[run("a", 1, vec![row("6.1", Some("6.1.9"), &two)])]);
        let flaw = "DOES NOT ADD UP: a: 3.10 has no row";
        for (merged, head, why) in [
            (
                merged(|run| run.finished = None),
                "A run was cut short",
                "CUT SHORT: a",
            ),
            (
                merged(|run| run.header.shard = Some("2/2".parse().unwrap())),
                "A shard is missing",
                "MISSING shards: 1/2",
            ),
            (qemu_failed, "QEMU FAILED in 1 cell", "QEMU FAILED"),
            (
                merged(|run| flawed(run, false)),
                "The record of a run does not add up",
                flaw,
            ),
            (
                merged(|run| flawed(run, true)),
                "A red result is in no cell",
                flaw,
            ),
        ] {
            let page = page(&merged, None);
            assert!(page.contains(why), "no {why:?}");
            assert!(page.contains(&format!("<title>{head} · Strata")), "{head}");
            let (_, h1) = page.split_once("<h1").unwrap();
            let (h1, _) = h1.split_once("</h1>").unwrap();
            assert!(h1.contains(head), "{h1}");
            for words in ["Every kernel does", "All that ran", "\u{2713}"] {
                assert!(!h1.contains(words), "{words:?} is in the head: {h1}");
            }
        }
    }
}
