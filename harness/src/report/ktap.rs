//! The kernel's own format for tests: KTAP, version 1
//! (<https://docs.kernel.org/dev-tools/ktap.html>).
//!
//! A kernel is a test, and its scenarios are the subtests. What a guest said comes
//! after words of ours, without anything that a parser would take for syntax.

use std::fmt::Write as _;
use std::io::Write;

use anyhow::{Context, Result};

use crate::results::{Cell, Event, Problem, Row, Sink, Verdict};
use crate::system::write_out;

/// Words anywhere in a line that end a log for tools/testing/kunit/kunit_parser.py.
const ENDS: [&str; 3] = [
    "List of all partitions:",
    "Kernel panic - not syncing: VFS:",
    "reboot: System halted",
];

/// Writes the kernels as they are done.
pub struct Ktap<W> {
    to: W,
    kernels: usize,
}

impl<W: Write> Ktap<W> {
    /// Writes to this.
    pub fn new(to: W) -> Self {
        Self { to, kernels: 0 }
    }
}

impl<W: Write + Send> Sink for Ktap<W> {
    fn take(&mut self, event: &Event) -> Result<()> {
        let text = match event {
            Event::Run(header) => format!("KTAP version 1\n1..{}\n", header.kernels.len()),
            Event::Accelerator(choice) => {
                format!("# accelerator: {}\n", plain(&choice.to_string()))
            }
            Event::Kernel(row) => {
                self.kernels += 1;
                kernel(self.kernels, row)
            }
            _ => return Ok(()),
        };
        write_out(&mut self.to, text.as_bytes()).context("writing KTAP")
    }
}

fn kernel(number: usize, row: &Row) -> String {
    let name = description(&row.name);
    let problem = match &row.problem {
        Some(Problem::Unavailable(why)) => Some(("ok", format!(" # SKIP {}", data(why)))),
        Some(Problem::Failed(why)) => Some(("not ok", format!(" # ERROR {}", data(why)))),
        None => None,
    };
    if let (Some((result, directive)), false) = (&problem, row.was_run()) {
        return format!("{result} {number} {name}{directive}\n");
    }
    let cells = row.cells.len();
    let mut text = format!("  KTAP version 1\n  # Subtest: {name}\n  1..{cells}\n");
    if let Some(kernel) = &row.kernel {
        let (release, version) = (plain(&kernel.release), plain(&kernel.version));
        let _ = writeln!(text, "  # kernel: {release} {version}");
    }
    for (index, cell) in row.cells.iter().enumerate() {
        scenario(index + 1, cell, &mut text);
    }
    if row.kernel.is_none() {
        let console = |line: &String| format!("# {name}: console: {}\n", plain(line));
        text.extend(row.last_lines.iter().map(console));
    }
    let all = |wanted: fn(&Cell) -> bool| row.cells.iter().all(wanted);
    let (result, directive) = if let Some(problem) = problem {
        problem
    } else if !all(|cell| is_ok(cell.verdict)) {
        ("not ok", String::new())
    } else if all(|cell| cell.verdict != Verdict::Passed) {
        ("ok", " # SKIP nothing was asserted".to_owned())
    } else {
        ("ok", String::new())
    };
    let _ = writeln!(text, "{result} {number} {name}{directive}");
    text
}

fn scenario(number: usize, cell: &Cell, text: &mut String) {
    let name = description(&cell.scenario);
    if !is_ok(cell.verdict) {
        for row in cell.comparison().iter().filter(|row| !row.agrees()) {
            let shown = |value: &Option<String>| plain(value.as_deref().unwrap_or("nothing"));
            let (expected, observed) = (shown(&row.expected), shown(&row.observed));
            let differs = format!("expected {expected}, observed {observed}");
            let _ = writeln!(text, "  # {name}: {}: {differs}", plain(&row.fact));
        }
        let console = |line: &String| format!("  # {name}: console: {}\n", plain(line));
        text.extend(cell.console.iter().map(console));
    }
    let result = if is_ok(cell.verdict) { "ok" } else { "not ok" };
    let directive = directive(cell.verdict).map_or(String::new(), |directive| {
        let why = cell.why.as_deref().unwrap_or_default();
        format!(" # {directive} {}: {}", cell.verdict, data(why))
    });
    let directive = directive.trim_end_matches([':', ' ']);
    let _ = writeln!(text, "  {result} {number} {name}{directive}");
}

/// Whether a test counts as passed or skipped. A QEMU that failed does not, though it
/// says nothing about the kernel.
fn is_ok(verdict: Verdict) -> bool {
    !verdict.is_red() && verdict != Verdict::QemuFailed
}

/// The directive of a result that is neither passed nor failed.
fn directive(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Passed | Verdict::Failed => None,
        Verdict::NoClaim | Verdict::Differs | Verdict::NotApplicable | Verdict::NotRun => {
            Some("SKIP")
        }
        Verdict::TimedOut | Verdict::Hung => Some("TIMEOUT"),
        _ => Some("ERROR"),
    }
}

/// The description of a test, which has no hash sign.
fn description(name: &str) -> String {
    data(name).trim().to_owned()
}

/// Text for a result line, where a hash sign begins a directive.
fn data(text: &str) -> String {
    plain(text).replace('#', "_")
}

/// Text without line breaks and words that end the log.
fn plain(text: &str) -> String {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    let mut text: String = text.chars().map(visible).collect();
    for end in ENDS {
        text = text.replace(end, &end.replacen(' ', "_", 1));
    }
    text
}
