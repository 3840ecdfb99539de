//! JUnit's XML, as GitLab, Jenkins and actions for GitHub read it: a `testsuite` a kernel,
//! a `testcase` a cell.
//!
//! There is no standard. These names are those that
//! <https://github.com/testmoapp/junitxml> collects from what reads them.

use std::io::Write;

use anyhow::{Context, Result};
use maud::{Markup, PreEscaped, html};

use super::details::of_cell;
use crate::results::{Cell, Event, Header, Problem, Row, Sink, Verdict};
use crate::system::write_out;

/// The name of the test that stands for what kept the harness from its work.
const HARNESS: &str = "strata";

/// Writes the run once it is over: its first line counts all results.
pub struct Junit<W> {
    to: W,
    header: Option<Header>,
    rows: Vec<Row>,
}

impl<W: Write> Junit<W> {
    /// Writes to this.
    pub fn new(to: W) -> Self {
        Self {
            to,
            header: None,
            rows: Vec::new(),
        }
    }
}

impl<W: Write + Send> Sink for Junit<W> {
    fn take(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Run(header) => self.header = Some(header.clone()),
            Event::Kernel(row) => self.rows.push(Row::clone(row)),
            Event::Finished { .. } => {
                let text = document(self.header.as_ref(), &self.rows).into_string();
                let text: String = text.chars().map(allowed).collect();
                write_out(&mut self.to, text.as_bytes()).context("writing JUnit's XML")?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a test came to, for JUnit.
enum JunitResult {
    Passed,
    Failure,
    Error,
    Skipped,
}

fn result(verdict: Verdict) -> JunitResult {
    match verdict {
        Verdict::Passed => JunitResult::Passed,
        Verdict::Failed => JunitResult::Failure,
        Verdict::NoClaim | Verdict::Differs | Verdict::NotApplicable | Verdict::NotRun => {
            JunitResult::Skipped
        }
        _ => JunitResult::Error,
    }
}

/// How many tests there are, and how many of a kind.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn add(mut self, row: &Row) -> Self {
        self.tests += row.cells.len();
        for cell in &row.cells {
            match result(cell.verdict) {
                JunitResult::Passed => {}
                JunitResult::Failure => self.failures += 1,
                JunitResult::Error => self.errors += 1,
                JunitResult::Skipped => self.skipped += 1,
            }
        }
        let failed = usize::from(failure(row).is_some());
        self.tests += failed;
        self.errors += failed;
        self
    }
}

/// What kept the harness from its work on a kernel. One that cannot be had is no failure.
fn failure(row: &Row) -> Option<&str> {
    match &row.problem {
        Some(Problem::Failed(why)) => Some(why),
        _ => None,
    }
}

fn document(header: Option<&Header>, rows: &[Row]) -> Markup {
    let all = rows.iter().fold(Counts::default(), Counts::add);
    let took: f64 = rows.iter().map(|row| row.took.as_secs_f64()).sum();
    html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuites name="strata" tests=(all.tests) failures=(all.failures) errors=(all.errors)
            skipped=(all.skipped) time=(seconds(took)) {
            @for row in rows { (suite(header, row)) }
        }
        (PreEscaped("\n"))
    }
}

fn suite(header: Option<&Header>, row: &Row) -> Markup {
    let counts = Counts::default().add(row);
    html! {
        (PreEscaped("\n"))
        testsuite name=(row.name) tests=(counts.tests) failures=(counts.failures)
            errors=(counts.errors) skipped=(counts.skipped)
            time=(seconds(row.took.as_secs_f64()))
            timestamp=[header.map(|header| header.started)]
            hostname=[header.map(|header| &header.host)] {
            @if let Some(kernel) = &row.kernel {
                properties {
                    property name="release" value=(kernel.release) {}
                    property name="version" value=(kernel.version) {}
                }
            }
            @if let Some(why) = failure(row) {
                (PreEscaped("\n"))
                testcase classname=(row.name) name=(HARNESS) time="0" {
                    error message=(why) type="FAILED" {}
                }
            }
            @for cell in &row.cells { (case(row, cell)) }
        }
    }
}

fn case(row: &Row, cell: &Cell) -> Markup {
    let (verdict, why) = (cell.verdict.word(), cell.why.as_deref().unwrap_or_default());
    html! {
        (PreEscaped("\n"))
        testcase classname=(row.name) name=(cell.scenario)
            time=(seconds(cell.took.as_secs_f64())) {
            @match result(cell.verdict) {
                JunitResult::Passed => {}
                JunitResult::Skipped => { skipped message={ (verdict) ": " (why) } {} }
                JunitResult::Failure => {
                    failure message=(differs(cell)) type=(verdict) { (of_cell(row, cell)) }
                }
                JunitResult::Error => {
                    error message={ (verdict) ": " (why) } type=(verdict) { (of_cell(row, cell)) }
                }
            }
        }
    }
}

/// The facts that are not as claimed, in one line.
fn differs(cell: &Cell) -> String {
    if let Some(why) = &cell.why {
        return why.clone();
    }
    let shown = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
    let all = cell.comparison().into_iter().filter(|row| !row.agrees());
    let all = all.map(|row| {
        let (expected, observed) = (shown(row.expected), shown(row.observed));
        format!("{}: expected {expected}, observed {observed}", row.fact)
    });
    all.collect::<Vec<_>>().join("; ")
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}

/// XML 1.0 has no other characters, not even as references.
fn allowed(c: char) -> char {
    match c {
        '\t' | '\n' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'.. => c,
        _ => '\u{FFFD}',
    }
}
